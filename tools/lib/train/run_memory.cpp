#include "tools/lib/train/run_memory.h"

#include "core/base/check.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/train/training_data.h"

namespace pbgen {

RunMemory run_memory(const RunConfig& config, std::int64_t images, int ranks) {
  RunMemory memory;
  memory.training = training_memory(config.trainer, ranks);
  const NetworkConfig& network = config.network();
  if (config.data.cache.empty()) memory.images = images * network.size * network.size * network.channels;
  return memory;
}

std::string require_memory(const RunMemory& memory, const MemoryLimits& limits) {
  const TrainingMemory& training = memory.training;
  const std::string needed =
      concat("training takes ", format_bytes(memory.total()), " of memory and more (", format_bytes(training.weights + training.derived),
             " of parameters, ", format_bytes(training.activations), " of activations, ", format_bytes(memory.images), " of images)");
  constexpr const char* kMend = "use a smaller --batch, --size, --gf-dim or --df-dim, or --cache for the images";
  if (limits.most && memory.total() > *limits.most)
    fail(ErrorKind::input_output, needed, ", but no more than ", format_bytes(*limits.most), " is granted by ", limits.whose, ": ", kMend);
  if (limits.available && memory.total() > *limits.available)
    return concat(needed, ", but ", format_bytes(*limits.available), " are free now; it may become slow, or the system may end it: ",
                  kMend);
  return "";
}

std::string check_memory(const RunConfig& config, int ranks) {
  // A cache's images are mapped: they need no counting.
  const std::int64_t images = config.data.cache.empty() ? count_training_data(config).images : 0;
  return require_memory(run_memory(config, images, ranks), memory_limits());
}

}  // namespace pbgen
