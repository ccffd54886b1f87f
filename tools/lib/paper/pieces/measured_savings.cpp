#include "tools/lib/paper/pieces/measured_savings.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <limits>
#include <memory>
#include <utility>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/rng.h"
#include "core/base/timing.h"
#include "gan/latents.h"
#include "gan/sampler.h"
#include "gan/trainer.h"
#include "tools/lib/bench/random_values.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/model/edge_generator.h"

namespace pbgen {
namespace {

constexpr std::array<Quantity, 6> kQuantities{Quantity::batch_image, Quantity::single_image, Quantity::iteration,
                                              Quantity::weights,     Quantity::activations,  Quantity::resident};
const std::vector<std::string> kHeader{"network", "quantity", "setting", "value", "unit", "processor", "kernels", "threads"};
constexpr int kSingleImages = 20;  // for each repeat: they take milliseconds

bool is_time(Quantity quantity) {
  return quantity == Quantity::batch_image || quantity == Quantity::single_image || quantity == Quantity::iteration;
}

// 0 where the system does not tell.
std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t pages = 0;
  std::int64_t resident_pages = 0;
  if (!(file >> pages >> resident_pages)) return 0;
  return resident_pages * ::sysconf(_SC_PAGESIZE);
}

Sequential fresh_generator(const NetworkConfig& config) {
  Sequential network = make_generator(config);
  initialise(network, 1, kGeneratorFirstNumber);
  return network;
}

std::vector<float> latents(const NetworkConfig& config, int count) {
  std::vector<float> z(static_cast<std::size_t>(count * config.z_dim));
  draw_latents(CounterRng(1, Stream::generate), 0, count, config.z_dim, z.data());
  return z;
}

double fastest(int repeats, FunctionRef<void()> body) {
  body();
  return measure(repeats, body).best;
}

double batch_image_seconds(const NetworkConfig& config, int repeats) {
  Sampler sampler(config, fresh_generator(config));
  const std::vector<float> z = latents(config, kMeasuredBatch);
  const auto draw = [&] { sampler.generate(z.data(), kMeasuredBatch, [](std::int64_t, ConstTensorView, std::int64_t) {}); };
  return fastest(repeats, draw) / kMeasuredBatch;
}

double iteration_seconds(const NetworkConfig& config, int repeats) {
  TrainerOptions options;
  options.network = config;
  options.batch = kMeasuredBatch;
  Trainer trainer(options);
  Tensor real(config.image_shape(kMeasuredBatch));
  const AlignedBuffer<float> values = random_values(real.floats(), 5);
  std::copy(values.begin(), values.end(), real.data());
  return fastest(repeats, [&] { trainer.step(std::as_const(real).view()); });
}

// One image at a time: its time, and the memory that it takes.
void measure_single(const NetworkConfig& config, int repeats, FunctionRef<void(Quantity, double)> add) {
  const std::vector<float> z = latents(config, 1);
  std::vector<float> image(static_cast<std::size_t>(config.image_shape(1).floats_per_image()));
  const std::int64_t before = resident_bytes();
  // The network that it is made from is gone when the memory is looked at.
  const auto edge = std::make_unique<EdgeGenerator>(fresh_generator(config), config);
  edge->generate(z.data(), image.data());
  const std::int64_t grown = resident_bytes() - before;
  add(Quantity::single_image, fastest(repeats * kSingleImages, [&] { edge->generate(z.data(), image.data()); }));
  add(Quantity::weights, static_cast<double>(edge->weight_bytes()));
  add(Quantity::activations, static_cast<double>(edge->scratch_bytes()));
  add(Quantity::resident, static_cast<double>(std::max<std::int64_t>(grown, 0)));
}

}  // namespace

std::string_view name(Quantity quantity) {
  switch (quantity) {
    case Quantity::batch_image: return "an image in a batch";
    case Quantity::single_image: return "an image alone";
    case Quantity::iteration: return "a training iteration";
    case Quantity::weights: return "weights in memory";
    case Quantity::activations: return "activations in memory";
    case Quantity::resident: return "resident memory";
  }
  return "";
}

std::string network_key(const NetworkConfig& config) {
  const auto text = [](const std::array<int, 4>& widths) { return concat(widths[0], " ", widths[1], " ", widths[2], " ", widths[3]); };
  return concat(config.size, "x", config.size, ", c_1..c_4 ", text(config.g_widths), ", d ", text(config.d_widths));
}

std::vector<Measurement> measure_savings(const NetworkConfig& config, int repeats) {
  check(repeats >= 1, "repeats is ", repeats, ", expected at least 1");
  std::vector<Measurement> all;
  for (const char* const letter : {"A", "F", "H"}) {
    NetworkConfig network = config;
    network.binarized = parse_setting(letter);
    const auto add = [&](Quantity quantity, double value) { all.push_back({network_key(config), quantity, letter, value}); };
    add(Quantity::iteration, iteration_seconds(network, repeats));
    if (!network.binarized.discriminator.empty()) continue;  // its generator has been measured
    add(Quantity::batch_image, batch_image_seconds(network, repeats));
    measure_single(network, repeats, add);
  }
  return all;
}

Table measurement_table(const std::vector<Measurement>& measurements) {
  Table table{kHeader, {}};
  for (const Measurement& one : measurements) {
    // To the last digit: a page made of what was read again is the same page.
    table.rows.push_back({one.network, std::string(name(one.quantity)), one.setting, value_text(one.value),
                          is_time(one.quantity) ? "s" : "B", cpu_name(), name(isa()), concat(thread_count())});
  }
  return table;
}

std::optional<std::vector<Measurement>> read_measurements(const Table& table) {
  if (table.header != kHeader) return std::nullopt;
  std::vector<Measurement> all;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const std::string_view quantity = table.cell(row, 1);
    const auto found = std::find_if(kQuantities.begin(), kQuantities.end(), [&](Quantity known) { return name(known) == quantity; });
    const std::string_view text = table.cell(row, 3);
    Measurement one{std::string(table.cell(row, 0)), {}, std::string(table.cell(row, 2)), 0.0};
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), one.value);
    if (found == kQuantities.end() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
    one.quantity = *found;
    all.push_back(std::move(one));
  }
  return all;
}

double measured(const std::vector<Measurement>& all, const std::string& network, Quantity quantity, std::string_view setting) {
  for (const Measurement& one : all)
    if (one.network == network && one.quantity == quantity && one.setting == setting) return one.value;
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace pbgen
