// How far a long job is: one line rewritten in place on a terminal, else a plain line now and then.  What it is given is shown() (shown.h).
//
//   Progress progress("decoding", files.size());
//   for (...) { ...; progress.update(++done, concat(bad, " skipped")); }
//   progress.finish();
//
//   decoding 1200/202599 (0%), 850/s, ETA 3:56, 2 skipped
#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

namespace pbgen {

struct ProgressOptions {
  enum class Style { automatic, live, plain };
  std::FILE* out = stderr;
  Style style = Style::automatic;  // live where out is a terminal that can do more than append
  std::int64_t start = 0;          // steps that were done before: a resumed run
  double items_per_step = 1.0;     // the rate counts items: images, of which a step has a batch
  std::string unit;                // of the items: "img" gives "850 img/s"
  double plain_seconds = 2.0;      // the least time between plain lines
  double rate_seconds = 15.0;      // the rate is over the last so many seconds: longer than a step takes
  std::function<double()> clock;   // seconds; empty: the steady clock
};

// Used by one thread.
class Progress {
 public:
  // total 0: unknown; then neither share nor time left is shown.
  Progress(std::string what, std::int64_t total, ProgressOptions options = {});
  // Ends a live line that was left unfinished, so that an error message has a line of its own.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Cheap enough for every step: shows at most ten lines a second live, and plain ones every plain_seconds at
  // first, every minute in the end.
  void update(std::int64_t done, std::string_view extra = {});
  // Whether an update now would be shown; where `extra` is costly to make.
  bool due() const;
  // As update, and shown whatever the time.
  void tell(std::int64_t done, std::string_view extra = {});
  // A line that stays, above the live one.
  void note(std::string_view line);
  // The last state, with the time that all took, and the end of the line.
  void finish(std::string_view extra = {});

  // Items a second over the last rate_seconds or so; NaN before anything was done.
  double rate() const;

 private:
  struct Sample {
    double time;
    std::int64_t done;
  };
  std::string line() const;
  std::string rate_text(double items_per_second) const;
  void show(std::string_view line, bool stays);

  std::string what_;
  std::int64_t total_;
  ProgressOptions options_;
  bool live_;
  double begin_ = 0.0;
  double shown_ = 0.0;
  std::int64_t done_;
  std::string extra_;
  std::deque<Sample> samples_;
  bool open_ = false;  // a live line stands without its end
  bool finished_ = false;
};

}  // namespace pbgen
