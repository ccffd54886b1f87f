// What an item of a convolution's products costs, wherever they are cut among threads (core/base/cuts.h), and how threads share them.
//
// Costs are counted in vectors of eight images that are multiplied and added, or looked up and added.
#pragma once

#include <cstdint>

#include "core/base/cuts.h"
#include "core/base/range.h"
#include "core/conv/channel_panels.h"
#include "core/conv/conv_geometry.h"
#include "core/freestanding/ints.h"
#include "core/tensor/shape.h"

namespace pbgen {

// Along one axis: which output pixels meet which input pixels, through which taps.
struct MetAxis {
  std::int64_t out;
  std::int64_t in;
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t pad;
  bool spreads;  // the big side is the output: out = stride*in + tap - pad.  Else in = stride*out + tap - pad.
  bool operator==(const MetAxis&) const = default;

  static MetAxis rows_to_big(const ConvGeometry& g) { return {g.big_height, g.small_height, g.kernel, g.stride, g.pad_top, true}; }
  static MetAxis rows_to_small(const ConvGeometry& g) { return {g.small_height, g.big_height, g.kernel, g.stride, g.pad_top, false}; }
  static MetAxis columns_to_big(const ConvGeometry& g) { return {g.big_width, g.small_width, g.kernel, g.stride, g.pad_left, true}; }
  static MetAxis columns_to_small(const ConvGeometry& g) { return {g.small_width, g.big_width, g.kernel, g.stride, g.pad_left, false}; }

  // Pairs of an output pixel of these and a tap that meet an input pixel.
  std::int64_t taps(Range outputs) const;
  // Outputs that a tap brings to an input, where inputs are gathered.
  Range outputs_of(std::int64_t tap) const;
  // From the first to the last input pixel that one of these meets.
  Range inputs(Range outputs) const;

  // Bands, or strips, of outputs: of the big side each is a stride, so that all of them meet much the same taps.
  std::int64_t bands() const { return spreads ? ceil_div(out, stride) : out; }
  Range of(Range some_bands) const;
};

// Slices in units of as many as a tile takes.
struct SliceUnits {
  std::int64_t slices;
  std::int64_t unit;
  bool operator==(const SliceUnits&) const = default;
  std::int64_t units() const { return ceil_div(slices, unit); }
  Range of(Range some_units) const;
};

// The direct products of many channels: an item reads its input and its weights once.
struct WideCosts {
  SliceUnits slices;
  MetAxis rows;
  std::int64_t column_taps;  // of all columns
  std::int64_t in_width;
  std::int64_t c_in;
  std::int64_t taps;
  ChannelPanels panels;  // the parts
  bool operator==(const WideCosts&) const = default;

  Grid most() const { return {slices.units(), rows.bands(), panels.count()}; }
  std::int64_t cost(const CutItem& item) const;
};
WideCosts wide_costs(const MetAxis& rows, const MetAxis& columns, std::int64_t c_in, const ChannelPanels& panels,
                     const SliceUnits& slices);

// The products by lookup tables: an item writes the tables of its input.  Of half the rows and half the columns it writes little more
// than a quarter of them; of a quarter of the rows, half as many again.
struct TableCosts {
  SliceUnits slices;
  MetAxis rows;
  MetAxis columns;
  std::int64_t groups;  // of all input channels
  std::int64_t tiles;   // the parts: of eight output channels
  bool operator==(const TableCosts&) const = default;

  Grid most() const { return {slices.units(), rows.bands(), tiles, columns.bands()}; }
  std::int64_t cost(const CutItem& item) const;
};
TableCosts table_costs(const MetAxis& rows, const MetAxis& columns, std::int64_t groups, std::int64_t tiles, const SliceUnits& slices);

enum class ConvProduct { to_small, to_big, weight_gradient, signs_to_small, signs_to_big };

// How thread_count() threads would share the product of these shapes on the path in force.
DealtWork dealt(ConvProduct product, const ConvGeometry& geometry, const LaneShape& small, const LaneShape& big);

}  // namespace pbgen
