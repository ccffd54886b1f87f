// Tables of signed sums and the lookups in them, for the leaves of each instruction set.  Unnamed: each leaf has a copy of its own,
// compiled for its set.
//
// S, beside what core/base/vector_*.h has: kRowFloats, of a table's row; Constants, made once a call; load_channel(x, slice_step), the
// images that share a row; look_up<group>(numbers, tables, constants, sums), one group's lookups for eight output channels;
// finish<first, last>(sum, lookup, row).
#pragma once

#include <cstdint>

#include "core/conv/binary_conv_leaf.h"

namespace pbgen::binary_leaf {
namespace {

// All 2^count signed sums of x[0..count): sums[p] adds those whose bit in p is 1 and subtracts the others.
template <class S, int count>
inline void signed_sums(const typename S::Vector* x, typename S::Vector* sums) {
  if constexpr (count == 0) {
    sums[0] = S::zero();
  } else if constexpr (count == 1) {
    sums[0] = S::subtract(S::zero(), x[0]);
    sums[1] = x[0];
  } else {
    typename S::Vector fewer[1 << (count - 1)];
    signed_sums<S, count - 1>(x, fewer);
#pragma GCC unroll 4
    for (int p = 0; p < 1 << (count - 1); ++p) {
      sums[p] = S::subtract(fewer[p], x[count - 1]);
      sums[p + (1 << (count - 1))] = S::add(fewer[p], x[count - 1]);
    }
  }
}

// A row is the sum of two signed sums, of the first three channels and of the rest: one add and one store, no load.
//   registers  8 low sums + up to 8 high ones, of which AVX2 keeps 4 at a time, + 1
template <class S, int count>
void build_table(const float* x, std::int64_t slice_step, const float* scale, float* table) {
  constexpr int low_count = count < 3 ? count : 3;
  constexpr int high_count = count - low_count;
  typename S::Vector channel[6];
#pragma GCC unroll 6
  for (int c = 0; c < count; ++c) {
    channel[c] = S::load_channel(x + 8 * c, slice_step);
    if (scale) channel[c] = S::multiply(channel[c], S::broadcast(scale + c));
  }
  typename S::Vector low[1 << low_count];
  typename S::Vector high[1 << high_count];
  signed_sums<S, low_count>(channel, low);
  signed_sums<S, high_count>(channel + low_count, high);
#pragma GCC unroll 8
  for (int h = 0; h < 1 << high_count; ++h) {
#pragma GCC unroll 8
    for (int l = 0; l < 1 << low_count; ++l)
      S::store(table + S::kRowFloats * ((h << low_count) + l), high_count == 0 ? low[l] : S::add(high[h], low[l]));
  }
}

template <class S>
void build_tables(std::int64_t channels, std::int64_t groups, const float* x, std::int64_t slice_step, const float* scale, float* tables) {
  for (std::int64_t group = 0; group < groups; ++group) {
    const std::int64_t begin = group_begin(channels, groups, group);
    const float* const from = x + 8 * begin;
    const float* const factors = scale ? scale + begin : nullptr;
    float* const to = tables + group * (S::kRowFloats << kGroupChannels);
    switch (group_begin(channels, groups, group + 1) - begin) {
      case 1: build_table<S, 1>(from, slice_step, factors, to); break;
      case 2: build_table<S, 2>(from, slice_step, factors, to); break;
      case 3: build_table<S, 3>(from, slice_step, factors, to); break;
      case 4: build_table<S, 4>(from, slice_step, factors, to); break;
      case 5: build_table<S, 5>(from, slice_step, factors, to); break;
      default: build_table<S, 6>(from, slice_step, factors, to); break;
    }
  }
}

// The sums of eight output channels.
template <class S>
struct Accumulators {
  typename S::Vector a0, a1, a2, a3, a4, a5, a6, a7;
};

template <class S, int groups>
__attribute__((always_inline)) inline void look_up_all(const std::uint8_t* numbers, const float* tables,
                                                       const typename S::Constants& constants, Accumulators<S>& t) {
  if constexpr (groups > 1) look_up_all<S, groups - 1>(numbers, tables, constants, t);
  S::template look_up<groups - 1>(numbers, tables, constants, t);
}

// rows: of the eight output channels those that exist.  The others' numbers are 0: looked up, not stored.
//   registers  8 accumulators; the words of numbers and the tables are read from memory
template <class S, int groups, bool first, bool last>
__attribute__((always_inline)) inline void look_up_tile(const Lookup& k, const typename S::Constants& constants, std::int64_t rows) {
  Accumulators<S> t;
  look_up_all<S, groups>(k.numbers, k.tables, constants, t);
  S::template finish<first, last>(t.a0, k, 0);
  if (rows > 1) S::template finish<first, last>(t.a1, k, 1);
  if (rows > 2) S::template finish<first, last>(t.a2, k, 2);
  if (rows > 3) S::template finish<first, last>(t.a3, k, 3);
  if (rows > 4) S::template finish<first, last>(t.a4, k, 4);
  if (rows > 5) S::template finish<first, last>(t.a5, k, 5);
  if (rows > 6) S::template finish<first, last>(t.a6, k, 6);
  if (rows > 7) S::template finish<first, last>(t.a7, k, 7);
}

template <class S, int groups, bool first, bool last>
void look_up_rows(Lookup k) {
  const typename S::Constants constants;
  for (; k.rows >= kTileRows; k.rows -= kTileRows) {
    look_up_tile<S, groups, first, last>(k, constants, kTileRows);
    k.numbers += groups * kTileRows;
    k.sums += S::kRowFloats * kTileRows;
    k.out += 8 * kTileRows;
    k.scale += kTileRows;
    k.bias += kTileRows;
  }
  if (k.rows > 0) look_up_tile<S, groups, first, last>(k, constants, k.rows);
}

template <class S, int groups>
void look_up_rows(bool first, bool last, const Lookup& k) {
  if (first) {
    last ? look_up_rows<S, groups, true, true>(k) : look_up_rows<S, groups, true, false>(k);
  } else {
    last ? look_up_rows<S, groups, false, true>(k) : look_up_rows<S, groups, false, false>(k);
  }
}

template <class S>
void look_up(std::int64_t groups, bool first, bool last, const Lookup& lookup) {
  switch (groups) {
    case 1: look_up_rows<S, 1>(first, last, lookup); break;
    case 2: look_up_rows<S, 2>(first, last, lookup); break;
    case 3: look_up_rows<S, 3>(first, last, lookup); break;
    case 4: look_up_rows<S, 4>(first, last, lookup); break;
    case 5: look_up_rows<S, 5>(first, last, lookup); break;
    case 6: look_up_rows<S, 6>(first, last, lookup); break;
    case 7: look_up_rows<S, 7>(first, last, lookup); break;
    case 8: look_up_rows<S, 8>(first, last, lookup); break;
    case 9: look_up_rows<S, 9>(first, last, lookup); break;
    case 10: look_up_rows<S, 10>(first, last, lookup); break;
    default: look_up_rows<S, 11>(first, last, lookup); break;
  }
  static_assert(kMaxGroups == 11);
}

}  // namespace
}  // namespace pbgen::binary_leaf
