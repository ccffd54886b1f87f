#include "tools/lib/images/set_remarks.h"

#include <algorithm>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/parallel.h"
#include "data/folder/fingerprint.h"
#include "tools/lib/images/score.h"

namespace pbgen {
namespace {

std::vector<std::uint64_t> checksums(const ImageSet& images) {
  std::vector<std::uint64_t> result(static_cast<std::size_t>(std::min(images.count(), kMaxScoredImages)));
  parallel_items(static_cast<std::int64_t>(result.size()),
                 [&](std::int64_t i) { result[static_cast<std::size_t>(i)] = checksum_of(images.image(i)); },
                 min_piece_of(images.bytes_per_image() / 4));
  return result;
}

void remark_on_copies(const std::vector<std::uint64_t>& images, const std::string& name, std::vector<std::string>& remarks) {
  const bool one = images.size() > 1 && std::all_of(images.begin(), images.end(), [&](std::uint64_t image) { return image == images[0]; });
  if (one) remarks.push_back(concat(name, ": its ", images.size(), " images are one picture, again and again"));
}

}  // namespace

std::vector<std::string> set_remarks(const ImageSet& real, const std::string& real_name, const ImageSet& fake,
                                     const std::string& fake_name) {
  std::vector<std::string> remarks;
  std::vector<std::uint64_t> reals = checksums(real);
  const std::vector<std::uint64_t> fakes = checksums(fake);
  remark_on_copies(reals, real_name, remarks);
  remark_on_copies(fakes, fake_name, remarks);
  std::sort(reals.begin(), reals.end());
  const auto shared = std::count_if(fakes.begin(), fakes.end(),
                                    [&](std::uint64_t image) { return std::binary_search(reals.begin(), reals.end(), image); });
  if (shared > 0)
    remarks.push_back(concat(shared, " of the ", fakes.size(), " images of ", fake_name, " are in ", real_name,
                             " too, byte for byte: that part of the comparison is of a set with itself"));
  return remarks;
}

}  // namespace pbgen
