#include "data/formats/jpeg_scan.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/freestanding/ints.h"
#include "data/formats/jpeg_transform.h"

namespace pbgen {
namespace {

[[noreturn]] void fail_code() { fail(ErrorKind::data, "corrupt: the JPEG holds a Huffman code that stands for nothing"); }
[[noreturn]] void fail_block() { fail(ErrorKind::data, "corrupt: a block of the JPEG has too many coefficients, or too large ones"); }

std::int16_t saturated(int value) { return static_cast<std::int16_t>(std::clamp(value, -32768, 32767)); }

class ScanDecoder {
 public:
  ScanDecoder(std::span<const std::uint8_t> bytes, std::size_t at, const JpegScan& scan, const JpegTables& tables, JpegFrame& frame)
      : bytes_(bytes), bits_(bytes, at), scan_(scan), tables_(tables), frame_(frame) {}

  std::size_t run() {
    if (frame_.progressive) {
      take_over_progress();
    } else {
      take_over_sequence();
    }
    check_tables();
    // A scan of one component holds its own blocks alone; of several, whole units.
    const JpegComponent& first = frame_.components[scan_.members.front().component];
    const bool alone = scan_.members.size() == 1;
    const int wide = alone ? ceil_div(first.width, kBlockSide) : frame_.units_wide;
    const int high = alone ? ceil_div(first.height, kBlockSide) : frame_.units_high;
    const std::int64_t units = static_cast<std::int64_t>(wide) * high;
    std::int64_t done = 0;
    for (int y = 0; y < high; ++y)
      for (int x = 0; x < wide; ++x, ++done) {
        if (tables_.restart_interval > 0 && done > 0 && done % tables_.restart_interval == 0) restart();
        if (alone) {
          decode_block(0, x, y);
        } else {
          decode_unit(x, y);
        }
        if (bits_.overrun()) fail(ErrorKind::data, "truncated: the JPEG's scan ends after ", done, " of ", units, " units");
      }
    if (end_of_band_run_ > 0) fail_block();
    return bits_.position();
  }

 private:
  void take_over_sequence() {
    if (scan_.first != 0 || scan_.refined_bit != 0 || scan_.low_bit != 0)
      fail(ErrorKind::data, "corrupt: a sequential JPEG with a progressive scan");
    for (const JpegScan::Member& member : scan_.members) {
      JpegComponent& component = frame_.components[member.component];
      if (component.bits_to_come[0] != JpegComponent::kUnseen)
        fail(ErrorKind::data, "corrupt: two scans of the JPEG hold the same component");
      component.bits_to_come.fill(0);
    }
  }

  // Each bit of a coefficient comes once and in order, the first coefficient before the others.
  void take_over_progress() {
    const bool dc = scan_.first == 0;
    const bool legal = scan_.first <= scan_.last && scan_.last < kBlockSize && (dc ? scan_.last == 0 : scan_.members.size() == 1) &&
                       scan_.low_bit <= 13 && (scan_.refined_bit == 0 || scan_.refined_bit == scan_.low_bit + 1);
    if (!legal) fail(ErrorKind::data, "corrupt: a scan of the progressive JPEG holds what none may hold");
    const int expected = scan_.refined_bit == 0 ? JpegComponent::kUnseen : scan_.refined_bit;
    for (const JpegScan::Member& member : scan_.members) {
      JpegComponent& component = frame_.components[member.component];
      bool in_order = dc || component.bits_to_come[0] != JpegComponent::kUnseen;
      for (int k = scan_.first; k <= scan_.last; ++k) {
        std::int8_t& to_come = component.bits_to_come[static_cast<std::size_t>(k)];
        in_order = in_order && to_come == expected;
        to_come = static_cast<std::int8_t>(scan_.low_bit);
      }
      if (!in_order) fail(ErrorKind::data, "corrupt: the scans of the progressive JPEG are out of order");
    }
  }

  void check_tables() {
    for (const JpegScan::Member& member : scan_.members) {
      JpegComponent& component = frame_.components[member.component];
      if (!component.has_quantiser) {
        if (!tables_.has_quantiser[component.quantiser_index]) fail(ErrorKind::data, "corrupt: the JPEG lacks a quantisation table");
        component.quantiser = tables_.quantisers[component.quantiser_index];
        component.has_quantiser = true;
      }
      const bool needs_dc = !frame_.progressive || (scan_.first == 0 && scan_.refined_bit == 0);
      const bool needs_ac = !frame_.progressive || scan_.first > 0;
      if ((needs_dc && !tables_.dc[member.dc_table].defined()) || (needs_ac && !tables_.ac[member.ac_table].defined()))
        fail(ErrorKind::data, "the JPEG lacks a Huffman table; frames of a motion JPEG leave them out");
    }
  }

  void restart() {
    if (end_of_band_run_ > 0) fail_block();
    // Surplus bytes may stand before the marker.
    std::size_t at = bits_.position();
    while (at + 1 < bytes_.size() && (bytes_[at] != 0xff || bytes_[at + 1] == 0 || bytes_[at + 1] == 0xff)) ++at;
    if (at + 1 >= bytes_.size() || bytes_[at + 1] != 0xd0 + next_restart_)
      fail(ErrorKind::data, "truncated or corrupt: a restart marker of the JPEG is missing");
    next_restart_ = (next_restart_ + 1) & 7;
    bits_.go_to(at + 2);
    last_dc_ = {};
  }

  void decode_unit(int unit_x, int unit_y) {
    for (std::size_t i = 0; i < scan_.members.size(); ++i) {
      const JpegComponent& component = frame_.components[scan_.members[i].component];
      for (int y = 0; y < component.v; ++y)
        for (int x = 0; x < component.h; ++x) decode_block(i, unit_x * component.h + x, unit_y * component.v + y);
    }
  }

  void decode_block(std::size_t member, int x, int y) {
    JpegComponent& component = frame_.components[scan_.members[member].component];
    if (!frame_.progressive) {
      decode_sequential(member, component, component.block_samples(x, y));
      return;
    }
    std::int16_t* const block = component.block_coefficients(x, y);
    if (scan_.first == 0) {
      if (scan_.refined_bit == 0) {
        block[0] = static_cast<std::int16_t>(next_dc(member) * (1 << scan_.low_bit));
      } else if (bits_.take_bit()) {
        block[0] = static_cast<std::int16_t>(block[0] | 1 << scan_.low_bit);
      }
    } else if (scan_.refined_bit == 0) {
      decode_band(tables_.ac[scan_.members[member].ac_table], block);
    } else {
      refine_band(tables_.ac[scan_.members[member].ac_table], block);
    }
  }

  // The first coefficient, of which the difference from the block before is coded.
  int next_dc(std::size_t member) {
    bits_.refill();
    const int size = tables_.dc[scan_.members[member].dc_table].decode(bits_);
    if (size < 0) fail_code();
    if (size > 15) fail_block();
    int& dc = last_dc_[member];
    dc += bits_.take_signed(size);
    if (dc < -(32768 >> scan_.low_bit) || dc > (32767 >> scan_.low_bit)) fail_block();
    return dc;
  }

  void decode_sequential(std::size_t member, const JpegComponent& component, std::uint8_t* to) {
    const JpegCode& code = tables_.ac[scan_.members[member].ac_table];
    std::int16_t block[kBlockSize] = {};
    const auto store = [&](int k, int value) {
      const std::size_t place = kZigzag[static_cast<std::size_t>(k)];
      block[place] = saturated(value * component.quantiser[place]);
    };
    store(0, next_dc(member));
    bool constant = true;
    for (int k = 1; k < kBlockSize; ++k) {
      bits_.refill();
      if (const std::int32_t entry = code.look_up_coefficient(bits_); entry != 0) {
        bits_.skip(entry & 15);
        k += entry >> 4 & 15;
        if (k >= kBlockSize) fail_block();
        store(k, entry >> 8);
        constant = false;
        continue;
      }
      const int symbol = code.decode(bits_);
      if (symbol < 0) fail_code();
      const int run = symbol >> 4;
      const int size = symbol & 15;
      if (symbol == 0) break;
      if (size == 0 && run != 15) fail_block();
      k += run;
      if (k >= kBlockSize) fail_block();
      if (size == 0) continue;
      store(k, bits_.take_signed(size));
      constant = false;
    }
    transform_block(block, constant, to, component.samples_stride());
  }

  // Coefficients that come for the first time.
  void decode_band(const JpegCode& code, std::int16_t* block) {
    if (end_of_band_run_ > 0) {
      --end_of_band_run_;
      return;
    }
    for (int k = scan_.first; k <= scan_.last; ++k) {
      bits_.refill();
      const int symbol = code.decode(bits_);
      if (symbol < 0) fail_code();
      const int run = symbol >> 4;
      const int size = symbol & 15;
      if (size == 0 && run < 15) {
        end_of_band_run_ = end_of_band_run(run) - 1;
        return;
      }
      k += run;
      if (k > scan_.last) fail_block();
      if (size > 0) block[kZigzag[static_cast<std::size_t>(k)]] = saturated(bits_.take_signed(size) * (1 << scan_.low_bit));
    }
  }

  // Refilled before, and a code taken since.
  int end_of_band_run(int bits) { return (1 << bits) + (bits > 0 ? static_cast<int>(bits_.take(bits)) : 0); }

  // One more bit of those that are there, and the first bit of some that were 0 so far.
  void refine_band(const JpegCode& code, std::int16_t* block) {
    const int plus = 1 << scan_.low_bit;
    const auto refine = [&](std::int16_t& coefficient) {
      if (bits_.take_bit() && (coefficient & plus) == 0) coefficient = saturated(coefficient + (coefficient > 0 ? plus : -plus));
    };
    int k = scan_.first;
    for (; end_of_band_run_ == 0 && k <= scan_.last; ++k) {
      bits_.refill();
      const int symbol = code.decode(bits_);
      if (symbol < 0) fail_code();
      int zeros = symbol >> 4;
      const int size = symbol & 15;
      if (size > 1) fail_block();
      if (size == 0 && zeros < 15) {
        end_of_band_run_ = end_of_band_run(zeros);
        break;
      }
      const int value = size == 0 ? 0 : bits_.take_bit() ? plus : -plus;
      // Over the zeros of the run, refining what is not zero on the way; ends at the zero behind the run.
      for (; k <= scan_.last; ++k) {
        std::int16_t& coefficient = block[kZigzag[static_cast<std::size_t>(k)]];
        if (coefficient != 0) {
          refine(coefficient);
        } else if (--zeros < 0) {
          break;
        }
      }
      if (k > scan_.last) fail_block();
      block[kZigzag[static_cast<std::size_t>(k)]] = static_cast<std::int16_t>(value);
    }
    if (end_of_band_run_ == 0) return;
    --end_of_band_run_;
    for (; k <= scan_.last; ++k)
      if (std::int16_t& coefficient = block[kZigzag[static_cast<std::size_t>(k)]]; coefficient != 0) refine(coefficient);
  }

  std::span<const std::uint8_t> bytes_;
  JpegBits bits_;
  const JpegScan& scan_;
  const JpegTables& tables_;
  JpegFrame& frame_;
  std::array<int, 4> last_dc_ = {};
  int end_of_band_run_ = 0;  // blocks, this one included, that hold nothing more in this band
  int next_restart_ = 0;
};

}  // namespace

std::size_t decode_jpeg_scan(std::span<const std::uint8_t> bytes, std::size_t at, const JpegScan& scan, const JpegTables& tables,
                             JpegFrame& frame) {
  return ScanDecoder(bytes, at, scan, tables, frame).run();
}

void finish_progressive_jpeg(JpegFrame& frame) {
  for (JpegComponent& component : frame.components) {
    if (std::any_of(component.bits_to_come.begin(), component.bits_to_come.end(), [](std::int8_t bits) { return bits != 0; }))
      fail(ErrorKind::data, "truncated: scans of the progressive JPEG are missing");
    for (int y = 0; y < component.blocks_high; ++y)
      for (int x = 0; x < component.blocks_wide; ++x) {
        std::int16_t* const block = component.block_coefficients(x, y);
        bool constant = true;
        for (std::size_t i = 0; i < kBlockSize; ++i) {
          constant = constant && (i == 0 || block[i] == 0);
          block[i] = saturated(block[i] * component.quantiser[i]);
        }
        transform_block(block, constant, component.block_samples(x, y), component.samples_stride());
      }
  }
}

}  // namespace pbgen
