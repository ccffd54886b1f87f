// Where time goes: named scopes, each charged with what is not spent in scopes inside it, so that all of them add up to the whole.
//
//   Profile profile;                              // from here on this thread's scopes are recorded
//   { ProfileScope scope("deconv1", "forward"); ... }
//   for (const Profile::Entry& entry : profile.entries()) ...
//
// Without a Profile a scope costs one comparison.  Threads that parallel_for wakes are not looked at: the caller waits for them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pbgen {

class Profile {
 public:
  struct Entry {
    std::string owner;  // what the time is spent on: a layer, "loss", ...
    std::string part;   // which part of it: "forward", "dx", ...; may be empty
    double seconds = 0.0;
    std::int64_t calls = 0;
  };

  // Records the calling thread's scopes until the end of its life.  std::logic_error where another one does.
  Profile();
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  // In the order of first entry.
  const std::vector<Entry>& entries() const { return entries_; }
  // Since the beginning or the last restart(), recorded or not, pauses left out.
  double seconds() const;
  // Forgets what was recorded.  std::logic_error inside a scope.
  void restart();

 private:
  friend class ProfileScope;
  friend class ProfilePause;
  using Clock = std::chrono::steady_clock;

  void enter(std::string_view owner, std::string_view part);
  void leave();
  // Charges the innermost open scope with the time since the last change.
  void charge();

  static inline constinit thread_local Profile* current_ = nullptr;

  std::vector<Entry> entries_;
  std::vector<std::size_t> open_;  // numbers in entries_, the innermost last
  Clock::time_point begin_;
  Clock::time_point changed_;
};

class ProfileScope {
 public:
  explicit ProfileScope(std::string_view owner, std::string_view part = {}) : profile_(Profile::current_) {
    if (profile_ != nullptr) profile_->enter(owner, part);
  }
  ~ProfileScope() {
    if (profile_ != nullptr) profile_->leave();
  }
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

 private:
  Profile* profile_;
};

// While it lives the calling thread's profile stands still, its clock as well.  Not inside a scope (std::logic_error).
class ProfilePause {
 public:
  ProfilePause();
  ~ProfilePause();
  ProfilePause(const ProfilePause&) = delete;
  ProfilePause& operator=(const ProfilePause&) = delete;

 private:
  Profile* profile_;
  Profile::Clock::time_point begin_;
};

}  // namespace pbgen
