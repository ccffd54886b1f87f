#include "tools/lib/images/loaded_images.h"

#include <algorithm>

#include "core/base/check.h"

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
  converted(report.turned, "images were turned as their EXIF orientation says");
  if (!loaded.unread.empty())
    notes.push_back(concat("pictures of formats that are not read: ", count_by_extension(loaded.unread), "; convert them to JPEG or PNG"));
  return notes;
}

std::string loading_summary(const FolderReport& report, const std::map<std::string, std::int64_t>& unread) {
  std::string text;
  if (report.turned > 0) text = concat(report.turned, " turned as their EXIF says");
  if (!unread.empty()) text += concat(text.empty() ? "" : "; ", "not read: ", count_by_extension(unread));
  return text.empty() ? "" : concat(" (", text, ")");
}

}  // namespace pbgen
