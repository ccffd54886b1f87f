// What a run of train_gan takes of memory, and whether there is as much.
#pragma once

#include <cstdint>
#include <string>

#include "gan/training_memory.h"
#include "tools/lib/cli/memory_limits.h"
#include "tools/lib/train/run_config.h"

namespace pbgen {

// Bytes.  At least: scoring, decoding and what the libraries hold are not in it.
struct RunMemory {
  TrainingMemory training;
  std::int64_t images = 0;  // 0 where a cache maps them

  std::int64_t total() const { return training.total() + images; }
};

// images: how many the run reads.  ranks: those that share it; of one of them.
RunMemory run_memory(const RunConfig& config, std::int64_t images, int ranks = 1);

// Error(input_output) with the mend where the run takes more than is ever granted; a sentence to warn with where it takes more than is
// available now, "" where it does not.
std::string require_memory(const RunMemory& memory, const MemoryLimits& limits);

// The same for a run that begins, before it allocates: of the images that its flags name and of this machine's limits.
std::string check_memory(const RunConfig& config, int ranks = 1);

}  // namespace pbgen
