// The report of a training run: one HTML file that needs nothing else, no network, no script.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/lib/cli/text_table.h"

namespace pbgen {

struct ReportPicture {
  std::string caption;
  std::vector<std::uint8_t> png;  // a whole PNG file
};

// A sample and the training images that are nearest to it.
struct NearestNeighbours {
  ReportPicture sample;
  std::vector<ReportPicture> nearest;  // captions say the distance
};

// Everything is plain text (escaped when rendered).  A section without data is left out.
struct RunReport {
  std::string title;                                         // "Setting H, dcgan, 64x64"
  std::string verdict;                                       // one to three sentences: what came out
  std::vector<std::pair<std::string, std::string>> facts;    // name and value: images, iterations, time, images a second, machine
  std::vector<std::string> warnings;
  std::string command;                                       // as the user gave it
  std::string repeating_command;                             // begins the same run again, wherever its reader stands
  std::vector<std::pair<std::string, std::string>> config;   // name and value of every option

  Table swd_table;                                           // levels and mean, as on stdout
  std::vector<double> swd_iteration;                         // where it was scored
  std::vector<double> swd;                                   // mean over the levels, at those iterations
  std::optional<double> swd_noise_floor;
  std::optional<double> swd_untrained;

  // The rows of log.csv: four columns beside the iterations, NaN where a value is missing.
  std::string loss;                                          // "dcgan", "lsgan" or "wgan": decides what the captions explain
  std::vector<double> iteration;
  std::vector<double> loss_d;
  std::vector<double> loss_g;
  std::vector<double> d_real;
  std::vector<double> d_fake;

  std::vector<ReportPicture> grids;                          // sample grids by rising iteration; the last one is shown large
  std::vector<NearestNeighbours> neighbours;
  std::string neighbours_note;                               // how the distance is measured

  std::vector<std::pair<std::string, Table>> layers;         // of each network, by its name
  std::vector<std::string> remarks;                          // where this network differs from the paper's
};

// The whole file.  std::logic_error where columns that belong together differ in length.
std::string render_report(const RunReport& report);

// Which of `count` things to show where at most `most` >= 2 fit: the first, the last, and evenly between; rising, all of
// them where they fit.
std::vector<std::size_t> evenly_spread(std::size_t count, std::size_t most);

}  // namespace pbgen
