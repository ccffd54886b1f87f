#include "tools/lib/resume.h"

#include <cstdio>
#include <filesystem>

#include "core/check.h"
#include "gan/checkpoint.h"
#include "tools/lib/run_directory.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

std::string newest_good_checkpoint(const std::string& run_path) {
  if (!fs::is_directory(run_path)) return "";
  const auto checkpoints = RunDirectory::open(run_path).checkpoints();
  for (auto at = checkpoints.rbegin(); at != checkpoints.rend(); ++at) {
    try {
      Checkpoint::load(at->second);
      return at->second;
    } catch (const Error& error) {
      std::fprintf(stderr, "%s; trying the one before\n", error.what());
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
  if (fs::is_directory(resume)) {
    const std::string checkpoint = newest_good_checkpoint(resume);
    if (checkpoint.empty()) fail(ErrorKind::usage, "--resume ", resume, ": no usable checkpoint in its checkpoints/ folder");
    return {checkpoint, resume};
  }
  if (!fs::exists(resume)) fail(ErrorKind::usage, "--resume ", resume, ": no such file or folder");
  const fs::path folder = fs::path(resume).parent_path();
  return {resume, folder.filename() == "checkpoints" ? folder.parent_path().string() : ""};
}

}  // namespace pbgen
