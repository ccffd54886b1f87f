#include "tools/lib/loaded_images.h"

#include <algorithm>

#include "core/check.h"

namespace pbgen {

std::vector<std::string> loading_notes(const LoadedImages& loaded) {
  constexpr std::size_t kMostListed = 20;
  const FolderReport& report = loaded.report;
  std::vector<std::string> notes;
  if (!loaded.cache_message.empty()) notes.push_back(loaded.cache_message);
  if (!report.bad.empty()) {
    notes.push_back(concat(report.bad.size(), " of ", report.files, " files skipped:"));
    for (std::size_t i = 0; i < std::min(report.bad.size(), kMostListed); ++i)
      notes.push_back(concat("  ", report.bad[i].path, ": ", report.bad[i].reason));
    if (report.bad.size() > kMostListed) notes.push_back(concat("  and ", report.bad.size() - kMostListed, " more"));
  }
  const auto converted = [&](std::int64_t count, const char* what) {
    if (count > 0) notes.push_back(concat(count, " ", what));
  };
  const bool colour = loaded.images.channels() == 3;
  converted(report.grey, colour ? "grey images became RGB" : "images were grey");
  converted(report.alpha, "images with transparency were laid on white");
  converted(report.sixteen_bit, "images of 16 bits became 8");
  return notes;
}

}  // namespace pbgen
