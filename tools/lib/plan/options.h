// What a user can say to ./tools/plan, and the net that follows from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gan/accounting.h"
#include "gan/packed_model.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/train/train_flags.h"

namespace pbgen {

struct PlanFlags {
  NetworkConfig network;  // what was said of it
  NetworkWords words;
  std::string config;
  std::string layers;
  std::string budget;
  bool with_linear = false;
  std::string linear_precision = "float";
  bool json = false;
  bool search = false;  // for the help alone: with it the command line is search_command.h's
};

// The paper's networks under Setting F.
inline constexpr NetworkDefaults kPlanDefaults{.binarized = {.generator = {1, 2, 3}, .discriminator = {}},
                                               .setting_text = "F",
                                               .g_widths = {512, 256, 128, 64},
                                               .d_widths = {64, 128, 256, 512}};

void declare_plan_flags(ArgumentParser& parser, PlanFlags& flags);

// What is planned: networks of ours, or the layers of a file.
struct PlannedNet {
  std::string title;                     // one line
  std::vector<LayerRow> rows;            // of both networks, or of the file
  std::optional<NetworkConfig> network;  // nothing where the layers come from a file
  PackedModelOptions packing;            // of the exported generator
  bool with_linear = false;              // linear layers have a place in the order of redundancy

  // The generator's layers, or all of the file: those that may go to one bit.
  std::vector<LayerRow> generator() const;
};

// After parser.parse().  --config FILE is one that train_gan wrote: all its members are checked, those that describe the networks
// are used.  Error(usage) where flags exclude each other, Error(data) where the layers' file is wrong.
PlannedNet planned_net(ArgumentParser& parser, PlanFlags& flags);

// "500000", "500k", "1.5MB", "2G": decimal units, from 1 to 10^15 bytes, rounded down.  Nothing for anything else.
std::optional<std::int64_t> parse_byte_count(std::string_view text);

}  // namespace pbgen
