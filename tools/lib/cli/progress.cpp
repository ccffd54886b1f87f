#include "tools/lib/cli/progress.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/terminal.h"

namespace pbgen {
namespace {

constexpr double kLiveSeconds = 0.1;
constexpr std::int64_t kUsualColumns = 80;  // of a terminal that does not say

double steady_seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The first characters of UTF-8 text.
std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    if (begins && seen++ == count) break;
  }
  return text.substr(0, end);
}

}  // namespace

Progress::Progress(std::string what, std::int64_t total, ProgressOptions options)
    : what_(std::move(what)), total_(total), options_(std::move(options)), done_(options_.start) {
  using Style = ProgressOptions::Style;
  live_ = options_.style == Style::live || (options_.style == Style::automatic && can_rewrite_lines(options_.out));
  if (!options_.clock) options_.clock = steady_seconds;
  begin_ = shown_ = options_.clock();
  samples_.push_back({begin_, done_});
}

Progress::~Progress() {
  if (open_) std::fputs("\n", options_.out);
}

bool Progress::due() const {
  const double now = options_.clock();
  const double pause = live_ ? kLiveSeconds : std::max(options_.plain_seconds, std::min((now - begin_) / 10.0, 60.0));
  return now - shown_ >= pause;
}

void Progress::update(std::int64_t done, std::string_view extra) {
  done_ = done;
  if (due()) tell(done, extra);
}

void Progress::tell(std::int64_t done, std::string_view extra) {
  done_ = done;
  extra_ = extra;
  shown_ = options_.clock();
  samples_.push_back({shown_, done_});
  while (samples_.size() > 2 && samples_[1].time <= shown_ - options_.rate_seconds) samples_.pop_front();
  show(line(), !live_);
}

void Progress::note(std::string_view text) {
  const bool reopen = open_;
  show(text, true);
  if (reopen) show(line(), false);
}

void Progress::finish(std::string_view extra) {
  if (finished_) return;
  finished_ = true;
  const double seconds = options_.clock() - begin_;
  std::string text = concat(what_, ' ', done_);
  if (total_ > 0 && done_ != total_) text += concat('/', total_);
  text += concat(" in ", format_duration(seconds));
  if (seconds > 0.0) text += rate_text(static_cast<double>(done_ - options_.start) * options_.items_per_step / seconds);
  if (!extra.empty()) text += concat(", ", extra);
  show(text, true);
}

std::string Progress::line() const {
  std::string text = concat(what_, ' ', done_);
  if (total_ > 0) {
    const double share = static_cast<double>(done_) / static_cast<double>(total_);
    text += concat('/', total_, " (", static_cast<int>(100.0 * share), "%)");
  }
  const double items_per_second = rate();
  if (std::isfinite(items_per_second)) {
    text += rate_text(items_per_second);
    const double items_left = static_cast<double>(total_ - done_) * options_.items_per_step;
    if (total_ > 0) text += concat(", ETA ", format_duration(items_left / items_per_second));
  }
  if (!extra_.empty()) text += concat(", ", extra_);
  return text;
}

std::string Progress::rate_text(double items_per_second) const {
  return concat(", ", format_rate(items_per_second), options_.unit.empty() ? "" : " ", options_.unit, "/s");
}

// The text goes out in one piece: a line that another process writes to the same terminal does not cut it.
void Progress::show(std::string_view line, bool stays) {
  const std::string text = shown(line);
  std::string out;
  if (live_) out = "\r";
  const auto columns = static_cast<std::size_t>(line_columns(options_.out).value_or(kUsualColumns));
  out += stays ? std::string_view(text) : first_characters(text, columns - 1);
  if (live_) out += "\x1b[K";  // clears what a longer line left behind
  if (stays) out += '\n';
  open_ = !stays;
  std::fwrite(out.data(), 1, out.size(), options_.out);
  std::fflush(options_.out);
}

double Progress::rate() const {
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  if (last.done <= first.done || last.time <= first.time) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(last.done - first.done) * options_.items_per_step / (last.time - first.time);
}

}  // namespace pbgen
