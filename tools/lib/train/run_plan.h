// What a sitting of train_gan is to do, as the command line, a configuration and the folder say it together.
#pragma once

#include <string>

#include "tools/lib/train/run_config.h"

namespace pbgen {

struct RunPlan {
  RunConfig config;
  std::string run_path;           // the folder
  bool in_place = false;          // the checkpoint that it goes on from is that folder's
  bool may_begin_again = false;   // a run there that has no checkpoint yet is begun anew: --resume auto
  bool force = false;             // what an older run left there is removed
  bool profile = false;
  std::string resume_checkpoint;  // "": a new run
  std::string former_paths;       // of the kernels, where a resume changed them: "avx512 to iteration 500"
  std::string command;            // as the user gave it
  int ranks = 1;                  // that a dry run predicts for
  double bandwidth = 10.0;        // between them, in Gbit/s
};

}  // namespace pbgen
