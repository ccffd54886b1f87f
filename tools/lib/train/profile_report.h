// train_gan --profile: where each millisecond of an iteration goes.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/profile.h"
#include "core/gemm/fma_peak.h"
#include "gan/networks.h"

namespace pbgen {

// Two tables, the products of the layers by direction and everything else, each rows by falling time, under their sums.
// What takes less than 20 us an iteration is one row.
// Shares are of the time that passed; GFLOP/s are nominal, borders included, beside their ratio to AVX2's peak (left out where it is
// unknown).
// profile: of so many iterations with that batch, or with a rank's part of one; backward products are of a shard a call.
std::string profile_text(const Profile& profile, const NetworkConfig& network, std::int64_t batch, std::int64_t shard_images,
                         std::int64_t iterations, const FmaPeaks& peaks);

}  // namespace pbgen
