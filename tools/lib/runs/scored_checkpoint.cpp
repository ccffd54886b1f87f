#include "tools/lib/runs/scored_checkpoint.h"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/runs/find_checkpoint.h"
#include "tools/lib/runs/run_directory.h"

namespace pbgen {
namespace {

// Distances by iteration; a run that was resumed may have an iteration twice, of which the later row counts.
std::map<std::int64_t, double> distances(const std::string& run_path) {
  std::map<std::int64_t, double> found;
  for (const LogRow& row : RunDirectory::read_log(run_path + "/log.csv"))
    if (row.swd && std::isfinite(*row.swd)) found[row.iteration] = *row.swd;
  return found;
}

std::string with_distance(std::int64_t iteration, double swd) { return concat("iteration ", iteration, " (SWD ", fixed_text(swd, 4), ")"); }

}  // namespace

std::optional<ScoredCheckpoint> best_checkpoint(const std::string& run_path) {
  const std::map<std::int64_t, double> scored = distances(run_path);
  std::optional<ScoredCheckpoint> best;
  for (const auto& [iteration, path] : RunDirectory::list_checkpoints(run_path))
    if (const auto at = scored.find(iteration); at != scored.end() && (!best || at->second <= best->swd))
      best = ScoredCheckpoint{iteration, path, at->second};
  return best;
}

std::string chosen_checkpoint(const std::string& path, bool best) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    if (best) fail(ErrorKind::usage, "--best: ", path, " is one model, not a run's folder: leave out --best");
    return named_checkpoint(path);
  }
  const std::optional<ScoredCheckpoint> scored = best_checkpoint(path);
  if (best) {
    if (!scored)
      fail(ErrorKind::usage, "--best: no checkpoint of ", path, " was scored (--swd-every of train_gan): leave out --best, for the newest");
    say(stderr, scored->path, ": ", with_distance(scored->iteration, scored->swd), ", the best-scored");
    return scored->path;
  }
  const std::string newest = named_checkpoint(path);
  const bool other = scored && scored->path != newest;
  say(stderr, newest, ": the newest", scored && !other ? ", and the best-scored" : "",
      other ? concat("; the best-scored is ", with_distance(scored->iteration, scored->swd), ": --best takes it") : "");
  return newest;
}

}  // namespace pbgen
