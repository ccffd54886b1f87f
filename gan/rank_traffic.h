// What the ranks of one training send one another in an iteration, known beforehand.
#pragma once

#include <cstdint>

#include "gan/trainer.h"

namespace pbgen {

// One rank's, in a step of its Trainer.  With R ranks and P parameters a network's update sends (R-1)/R * 4P bytes of gradients to their
// owners and, of a part of 1/R of the parameters, R-1 times its new weights: 4 bytes each, or of one-bit layers a quarter of a byte each
// and 4 bytes a channel.
struct RankTraffic {
  std::int64_t gradients = 0;   // bytes; they travel while the layers below are computed
  std::int64_t weights = 0;     // bytes
  std::int64_t statistics = 0;  // bytes: batch normalisation's sums, the losses'
  std::int64_t waits = 0;       // how often a rank waits for all others

  std::int64_t bytes() const { return gradients + weights + statistics; }
};

// Rank 0's, exactly; parts of other ranks are as large but for a channel.  ranks: from 2, a divisor of options.shards.
RankTraffic rank_traffic(const TrainerOptions& options, int ranks);

// The time that it takes beside computing: bytes at `bandwidth` bytes a second, and every wait log2(R) times `latency` seconds.  What
// travels while layers are computed is counted in full, so that this is the most.
double traffic_seconds(const RankTraffic& traffic, int ranks, double bandwidth, double latency);

}  // namespace pbgen
