#include "core/base/profile.h"

#include <algorithm>

#include "core/base/check.h"

namespace pbgen {

Profile::Profile() : begin_(Clock::now()), changed_(begin_) {
  check(current_ == nullptr, "this thread has a profile already");
  current_ = this;
}

Profile::~Profile() { current_ = nullptr; }

double Profile::seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

void Profile::restart() {
  check(open_.empty(), "a profile restarts between scopes, ", open_.size(), " are open");
  entries_.clear();
  begin_ = changed_ = Clock::now();
}

void Profile::enter(std::string_view owner, std::string_view part) {
  charge();
  const auto same = [&](const Entry& entry) { return entry.owner == owner && entry.part == part; };
  const auto found = std::find_if(entries_.begin(), entries_.end(), same);
  open_.push_back(static_cast<std::size_t>(found - entries_.begin()));
  if (found == entries_.end()) entries_.push_back({std::string(owner), std::string(part)});
  ++entries_[open_.back()].calls;
}

void Profile::leave() {
  charge();
  open_.pop_back();
}

void Profile::charge() {
  const Clock::time_point now = Clock::now();
  if (!open_.empty()) entries_[open_.back()].seconds += std::chrono::duration<double>(now - changed_).count();
  changed_ = now;
}

ProfilePause::ProfilePause() : profile_(Profile::current_), begin_(Profile::Clock::now()) {
  check(profile_ == nullptr || profile_->open_.empty(), "a profile pauses between scopes");
  Profile::current_ = nullptr;
}

ProfilePause::~ProfilePause() {
  if (profile_ == nullptr) return;
  Profile::current_ = profile_;
  profile_->begin_ += Profile::Clock::now() - begin_;
}

}  // namespace pbgen
