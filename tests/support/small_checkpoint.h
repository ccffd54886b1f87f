// A checkpoint file of a network that is as small as they come.
#pragma once

#include <string>

#include "core/files/file.h"
#include "gan/checkpoint.h"
#include "gan/trainer.h"

namespace pbgen {

inline void write_small_checkpoint(const std::string& path) {
  TrainerOptions options;
  options.network.size = 16;
  options.network.z_dim = 4;
  options.network.g_widths = options.network.d_widths = {8, 8, 8, 8};
  options.batch = 8;
  Trainer trainer(options);
  write_file_atomically(path, encode_checkpoint(trainer, {}));
}

}  // namespace pbgen
