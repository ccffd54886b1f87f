#include "tools/lib/cli/peaks_text.h"

#include "core/base/check.h"
#include "tools/lib/cli/format.h"

namespace pbgen {

std::string peaks_text(const FmaPeaks& peaks) {
  if (peaks.avx2 <= 0.0) return "";
  std::string text = concat("FMA peak ", fixed_text(peaks.avx2 * 1e-9, 1), " GFLOP/s (AVX2)");
  if (peaks.avx512 > 0.0) text += concat(", ", fixed_text(peaks.avx512 * 1e-9, 1), " (AVX-512)");
  return text;
}

}  // namespace pbgen
