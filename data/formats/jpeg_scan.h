// One scan of a JPEG: the coefficients of some of its components.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/formats/jpeg_entropy.h"
#include "data/formats/jpeg_frame.h"

namespace pbgen {

// What stands in force where a scan begins.
struct JpegTables {
  std::array<JpegCode, 4> dc;
  std::array<JpegCode, 4> ac;
  std::array<JpegQuantiser, 4> quantisers = {};
  std::array<bool, 4> has_quantiser = {};
  int restart_interval = 0;  // units between restart markers, 0: none
};

struct JpegScan {
  struct Member {
    std::size_t component;  // of the frame
    std::size_t dc_table;
    std::size_t ac_table;
  };
  std::vector<Member> members;  // 1..4
  int first = 0;                // coefficients in the order of coding, 0 <= first <= last <= 63
  int last = 0;
  int refined_bit = 0;  // progressive: 0 where the coefficients come for the first time, else how many low bits were left
  int low_bit = 0;      // progressive: how many low bits are still to come afterwards
};

// Decodes a scan from its entropy-coded bytes at `at`: sequential pictures to samples, progressive ones to coefficients.  Returns where its
// last bytes have been read; the next marker lies behind.  Error(data) where the scan does not suit the frame, where a table is missing, or
// where its bytes end, or are corrupt, before all blocks are there.
std::size_t decode_jpeg_scan(std::span<const std::uint8_t> bytes, std::size_t at, const JpegScan& scan, const JpegTables& tables,
                             JpegFrame& frame);

// The samples of a progressive picture after its last scan.  Error(data) where bits of coefficients never came.
void finish_progressive_jpeg(JpegFrame& frame);

}  // namespace pbgen
