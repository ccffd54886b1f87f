#include "core/conv/conv_cuts.h"

#include <algorithm>

namespace pbgen {
namespace {

// What is read once an item, in vectors of eight multiply-adds: see PERF.md.
constexpr std::int64_t kInputCost = 4;         // a vector of the input, from another cache or from memory
constexpr std::int64_t kWeightsOfOneCost = 4;  // so many weights, which are asked for in advance, take as long as one
// A table of 64 rows: each is written, and another one read for it.  Of one slice that is what it takes; two slices' took 300 where they
// filled the first-level cache (PERF.md).
constexpr std::int64_t kTableCost = 128;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -ceil_div(-a, b); }

// Whole numbers i of [0, extent) with begin <= step*i + offset < end.
Range steps_into(Range range, std::int64_t step, std::int64_t offset, std::int64_t extent) {
  const auto first_at = [&](std::int64_t value) { return floor_div(value - offset + step - 1, step); };
  return {std::max<std::int64_t>(first_at(range.begin), 0), std::min(first_at(range.end), extent)};
}

}  // namespace

std::int64_t MetAxis::taps(Range outputs) const {
  std::int64_t sum = 0;
  for (std::int64_t tap = 0; tap < kernel; ++tap) {
    if (spreads) {
      sum += steps_into({outputs.begin, std::min(outputs.end, out)}, stride, tap - pad, in).size();
    } else {
      const Range met = outputs_of(tap);
      sum += Range{std::max(met.begin, outputs.begin), std::min(met.end, outputs.end)}.size();
    }
  }
  return sum;
}

Range MetAxis::outputs_of(std::int64_t tap) const { return steps_into({0, in}, stride, tap - pad, out); }

Range MetAxis::inputs(Range outputs) const {
  if (outputs.size() == 0) return {0, 0};
  const std::int64_t first = spreads ? floor_div(outputs.begin + pad - kernel, stride) + 1 : stride * outputs.begin - pad;
  const std::int64_t end = spreads ? floor_div(outputs.end - 1 + pad, stride) + 1 : stride * (outputs.end - 1) - pad + kernel;
  return {std::clamp<std::int64_t>(first, 0, in), std::clamp<std::int64_t>(end, 0, in)};
}

Range MetAxis::of(Range some_bands) const {
  const std::int64_t rows = spreads ? stride : 1;
  return {some_bands.begin * rows, std::min(some_bands.end * rows, out)};
}

Range SliceUnits::of(Range some_units) const { return {some_units.begin * unit, std::min(some_units.end * unit, slices)}; }

WideCosts wide_costs(const MetAxis& rows, const MetAxis& columns, std::int64_t c_in, const ChannelPanels& panels,
                     const SliceUnits& slices) {
  return {.slices = slices,
          .rows = rows,
          .column_taps = columns.taps({0, columns.out}),
          .in_width = columns.in,
          .c_in = c_in,
          .taps = rows.kernel * columns.kernel,
          .panels = panels};
}

std::int64_t WideCosts::cost(const CutItem& item) const {
  const Range outputs = rows.of(item.bands);
  const std::int64_t channels = panels.begin(item.parts.end) - panels.begin(item.parts.begin);
  const std::int64_t count = slices.of(item.units).size();
  const std::int64_t products = count * rows.taps(outputs) * column_taps * channels;
  const std::int64_t input = count * rows.inputs(outputs).size() * in_width;
  return c_in * (products + kInputCost * input + channels * taps / kWeightsOfOneCost);
}

TableCosts table_costs(const MetAxis& rows, const MetAxis& columns, std::int64_t groups, std::int64_t tiles, const SliceUnits& slices) {
  return {.slices = slices, .rows = rows, .columns = columns, .groups = groups, .tiles = tiles};
}

std::int64_t TableCosts::cost(const CutItem& item) const {
  constexpr std::int64_t kTileRows = 8;
  const Range out_rows = rows.of(item.bands);
  const Range out_columns = columns.of(item.strips);
  const std::int64_t lookups = rows.taps(out_rows) * columns.taps(out_columns) * item.parts.size() * kTileRows;
  const std::int64_t tables = rows.inputs(out_rows).size() * columns.inputs(out_columns).size();
  return slices.of(item.units).size() * groups * (lookups + kTableCost * tables);
}

}  // namespace pbgen
