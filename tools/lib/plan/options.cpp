#include "tools/lib/plan/options.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/check.h"
#include "core/files/file.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/plan/layers.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxConfigBytes = 1 << 20;

// Those of declare_network_flags().
constexpr std::array<std::string_view, 11> kNetworkFlags{"--setting", "--binarize-g", "--binarize-d", "--bwn",
                                                         "--size",    "--channels",   "--z-dim",      "--gf-dim",
                                                         "--df-dim",  "--g-widths",   "--d-widths"};

// Keys of a configuration may have hyphens or underscores.
bool is_network_key(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  return std::find(kNetworkFlags.begin(), kNetworkFlags.end(), "--" + key) != kNetworkFlags.end();
}

// The members of train_gan's configuration that describe networks, into the parser.
void apply_train_config(ArgumentParser& parser, const std::string& path) {
  const std::vector<std::uint8_t> bytes = read_file(path, kMaxConfigBytes);
  const Json config = parse_json(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), ErrorKind::usage, path);
  // All flags of train_gan, so that a slip anywhere in the file is seen.
  TrainFlags unused;
  ArgumentParser whole("train_gan", "");
  declare_train_flags(whole, unused);
  whole.apply_config(config, path);
  Json networks = Json::object();
  for (const auto& [key, value] : config.as_object())
    if (is_network_key(key)) networks.set(key, value);
  parser.apply_config(networks, path);
}

std::string title_of(const NetworkConfig& network) {
  NetworkConfig unbinarized = network;
  unbinarized.binarized = {};
  unbinarized.recipe = NetworkConfig{}.recipe;
  const auto& [generator, discriminator] = network.binarized;
  std::string under = setting_name(network.binarized);
  if (under.size() == 1) under = "Setting " + under;
  else under = concat("generator layers ", generator.to_string(), ", discriminator layers ", discriminator.to_string(), " in one bit");
  if (unbinarized == NetworkConfig{}) return concat("The paper's networks, ", under);
  return concat("Networks of ", network.size, "x", network.size, "x", network.channels, " images, z ", network.z_dim, ", widths ",
                value_text(network.g_widths), " and ", value_text(network.d_widths), "; ", under);
}

}  // namespace

std::optional<std::int64_t> parse_byte_count(std::string_view text) {
  if (text.ends_with('B')) text.remove_suffix(1);
  double unit = 1.0;
  if (!text.empty()) {
    const char letter = text.back();
    unit = letter == 'k' || letter == 'K' ? 1e3 : letter == 'M' ? 1e6 : letter == 'G' ? 1e9 : 1.0;
    if (unit > 1.0) text.remove_suffix(1);
  }
  double count = 0.0;
  if (!parse_value(text, count).empty()) return std::nullopt;
  const double bytes = std::floor(count * unit);
  if (!(bytes >= 1.0 && bytes <= 1e15)) return std::nullopt;
  return static_cast<std::int64_t>(bytes);
}

void declare_plan_flags(ArgumentParser& parser, PlanFlags& flags) {
  parser.section("Plan");
  parser.add("--budget", &flags.budget, "BYTES",
             "which layers of the generator to binarize so that its exported file is no larger than this (500000, 500k, 1.5MB; decimal "
             "units).  Layers go to one bit in the order of redundancy, and each makes the file smaller: the first prefix of the order "
             "that fits binarizes no more than it must, and the last line of the output names it.  Where the widest prefix without a "
             "negative redundancy fits as well, that is said too: it is smaller still, and costs little if the metric is right",
             [](const std::string& text) {
               return parse_byte_count(text) ? std::string() : std::string("bytes from 1 to 1e15, such as 500000, 500k or 1.5MB");
             });
  parser.add("--with-linear", &flags.with_linear,
             "linear layers stand in the order of redundancy too (the generator's has z_dim - 1; the paper leaves it in float)");
  parser.add("--linear-precision", &flags.linear_precision, "NAME",
             "of the linear layer in the exported file, as export has it: float, or half", one_of({"float", "half"}));
  parser.add("--layers", &flags.layers, "FILE",
             concat("any net in place of ours, as JSON: {\"layers\": [", kLayersFormat,
                    ", ...]}.  kind: deconv, conv or linear.  kernel: a number or [height, width].  height, width: of the input.  "
                    "Padding is SAME: a deconvolution's output is input * stride, a convolution's input / stride rounded up.  A linear "
                    "layer has neither kernel nor stride.  name and binarized may be left out"));
  parser.add("--search", &flags.search,
             "Algorithm 1 with real training: which layers bear one bit on your images.  A command line of its own: plan --search --help");
  parser.add("--json", &flags.json, "everything as one JSON object on stdout");

  parser.section("Networks (as train_gan has them)");
  declare_network_flags(parser, flags.network, flags.words, kPlanDefaults);
  parser.add("--config", &flags.config, "FILE", "the networks of a run: config.json in its folder; flags on the command line win");

  parser.example("./tools/plan", "the paper's networks under Setting F: layers, redundancies, eq. (3) beside what the paper prints");
  parser.example("./tools/plan --gf-dim 32 --setting H --json", "other widths and another setting, for scripts");
  parser.example("./tools/plan --config runs/g12-d234-dcgan-64-001/config.json --budget 1MB",
                 "what of a run's generator to binarize to fit 1 MB");
  parser.example("./tools/plan --budget 5M | tail -n 1", "only the answer: --binarize-g 1,2");
  parser.example("./tools/plan --search --size 32 --gf-dim 16 --df-dim 16 --iterations 1000 --out runs/search",
                 "trains and scores until a layer costs too much; ends with --binarize-g and --binarize-d for train_gan");
  parser.example("./tools/plan --layers my_net.json", "the degree of redundancy of every layer of your own net");
}

std::vector<LayerRow> PlannedNet::generator() const {
  std::vector<LayerRow> layers;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(layers), [](const LayerRow& row) { return row.network != "discriminator"; });
  return layers;
}

PlannedNet planned_net(ArgumentParser& parser, PlanFlags& flags) {
  PlannedNet net;
  net.with_linear = flags.with_linear;
  if (!flags.layers.empty()) {
    std::vector<std::string_view> others{"--config", "--linear-precision"};
    others.insert(others.end(), kNetworkFlags.begin(), kNetworkFlags.end());
    for (const std::string_view flag : others)
      if (parser.given(flag)) fail(ErrorKind::usage, flag, ": --layers ", flags.layers, " describes the net; leave out one of them");
    net.rows = load_layers(flags.layers);
    net.title = concat("The net of ", shown(flags.layers), ", ", net.rows.size(), net.rows.size() == 1 ? " layer" : " layers");
    return net;
  }
  if (!flags.config.empty()) apply_train_config(parser, flags.config);
  net.network = network_config(parser, flags.network, flags.words, kPlanDefaults);
  net.packing.linear = flags.linear_precision == "half" ? LinearPrecision::half : LinearPrecision::single;
  if (net.packing.linear == LinearPrecision::half && net.network->binarized.generator.contains(0))
    fail(ErrorKind::usage, "--linear-precision half: the linear layer is in one bit (--binarize-g ",
         net.network->binarized.generator.to_string(), "): leave it out");
  net.rows = layer_table(*net.network);
  net.title = title_of(*net.network);
  return net;
}

}  // namespace pbgen
