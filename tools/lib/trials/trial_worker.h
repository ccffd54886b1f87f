// Who is at a trial, and how its last sitting failed: what its folder tells other processes, on other machines, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/check.h"

namespace pbgen {

struct TrialWorker {
  std::string host;
  std::int64_t process = 0;  // that started train_gan
  std::int64_t begun = 0;    // seconds since 1970
  double share = 0.0;        // of the trial's iterations that were trained before, in [0, 1]
};

// worker.json: that this process begins a sitting now; what is told of an earlier failure goes.  Error(input_output).
void save_worker(const std::string& folder);
// Nothing where none is told of.  Error(data) where the file is not what we write.
std::optional<TrialWorker> read_worker(const std::string& folder);

// failed.txt: one line.  What cannot be written is not told.
void save_failure(const std::string& folder, const Error& failure) noexcept;
// "" where the last sitting did not fail.
std::string read_failure(const std::string& folder);

}  // namespace pbgen
