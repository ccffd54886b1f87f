#include "tools/lib/runs/find_checkpoint.h"

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "core/base/check.h"
#include "gan/checkpoint.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/runs/checkpoint_path.h"
#include "tools/lib/runs/run_directory.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

std::string newest_good_checkpoint(const std::string& run_path) {
  const auto checkpoints = RunDirectory::list_checkpoints(run_path);
  for (auto at = checkpoints.rbegin(); at != checkpoints.rend(); ++at) {
    try {
      Checkpoint::load(at->second);
      return at->second;
    } catch (const Error& error) {
      // A disk that fails, or rights that are missing, are no reason to take an older one.  It may be gone: a run that trains removes them.
      std::error_code ignored;
      if (error.kind() == ErrorKind::input_output && fs::exists(fs::symlink_status(at->second, ignored))) throw;
      say(stderr, "passed over: ", error.what());
    }
  }
  return "";
}

}  // namespace

ResumePoint find_resume_point(const std::string& resume, const std::string& out, const std::string& run_name) {
  if (resume == "auto") {
    const std::string run_path = out.empty() ? RunDirectory::newest(run_name) : out;
    if (run_path.empty()) return {};
    return {newest_good_checkpoint(run_path), run_path};
  }
  const std::string checkpoint = named_checkpoint(resume);
  if (checkpoint != resume) return {checkpoint, resume};
  return {checkpoint, run_folder_of(checkpoint)};
}

std::string named_checkpoint(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) fail(ErrorKind::usage, path, ": no such checkpoint or run folder");
  if (!fs::is_directory(status)) return path;
  const std::string checkpoint = newest_good_checkpoint(path);
  if (checkpoint.empty())
    fail(ErrorKind::usage, path, ": no usable checkpoint in its checkpoints/ folder; begin a new run, or name a checkpoint of another");
  return checkpoint;
}

}  // namespace pbgen
