#include <array>

#include "core/check.h"
#include "tools/lib/paper/piece.h"

namespace pbgen {
namespace {

using Widths = std::array<int, 4>;

constexpr std::array<int, 5> kTimes{1, 2, 4, 8, 16};  // c_4 of Fig. 7 over the network's own

// The network's widths, c_layer replaced.
Widths widened(const Experiment& experiment, int layer, int width) {
  Widths widths = experiment.network.g_widths;
  widths[static_cast<std::size_t>(layer - 1)] = width;
  return widths;
}

// What Fig. 8 adds to one layer's input channels, and so to its redundancy: as much as the widest c_4 of Fig. 7 has more.
int added_channels(const Experiment& experiment) { return (kTimes.back() - 1) * experiment.base_width; }

// Setting E, dcgan, seed 1.  The network's own widths are setting_trial's, which is trained once.
Trial width_trial(const Experiment& experiment, const Widths& widths) {
  if (widths == experiment.network.g_widths) return setting_trial(experiment, "E", "dcgan", 1);
  const auto joined = [&](char separator) { return concat(widths[0], separator, widths[1], separator, widths[2], separator, widths[3]); };
  return make_trial(experiment, concat("dcgan-E-widths-", joined('-'), "-seed1"),
                    {"--setting", "E", "--loss", "dcgan", "--seed", "1", "--g-widths", joined(',')});
}

std::vector<Trial> channels_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  if (!experiment.has_setting("E")) return trials;
  if (experiment.has_setting("A")) trials.push_back(setting_trial(experiment, "A", "dcgan", 1));
  for (const int times : kTimes) trials.push_back(width_trial(experiment, widened(experiment, 4, times * experiment.base_width)));
  for (int layer = 1; layer <= 3; ++layer) {
    const int width = experiment.network.g_widths[static_cast<std::size_t>(layer - 1)] + added_channels(experiment);
    trials.push_back(width_trial(experiment, widened(experiment, layer, width)));
  }
  return trials;
}

void make_channels(const Experiment&, const TrialBook&, PieceFolder& folder) {
  folder.page().paragraph("Sliced Wasserstein distances under Setting E with more input channels.");
}

}  // namespace

const Piece kChannelsPiece{
    .command = "channels",
    .title = "More channels under Setting E: Fig. 7 and 8",
    .summary = "c_4 raised 2 to 16 times under E, against c_1, c_2, c_3 raised by the same redundancy",
    .in_all_at_laptop = true,
    .trials = channels_trials,
    .make = make_channels,
};

}  // namespace pbgen
