// Scopes add up to the whole, and are nothing where nobody asks.
#include "core/base/profile.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace pbgen {
namespace {

void spend(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

Profile::Entry entry_of(const Profile& profile, const std::string& owner, const std::string& part) {
  for (const Profile::Entry& entry : profile.entries())
    if (entry.owner == owner && entry.part == part) return entry;
  throw std::out_of_range(owner + " " + part);
}

TEST(Profile, AnInnerScopeIsChargedInPlaceOfTheOuter) {
  using std::chrono::milliseconds;
  Profile profile;
  for (int i = 0; i < 2; ++i) {
    ProfileScope outer("layer", "backward");
    spend(milliseconds(5));
    {
      ProfileScope inner("layer", "dw");
      spend(milliseconds(30));
    }
  }
  const double whole = profile.seconds();
  ASSERT_EQ(profile.entries().size(), 2u);
  const Profile::Entry outer = entry_of(profile, "layer", "backward");
  const Profile::Entry inner = entry_of(profile, "layer", "dw");
  EXPECT_EQ(outer.calls, 2);
  EXPECT_EQ(inner.calls, 2);
  EXPECT_GE(outer.seconds, 0.010);
  EXPECT_GE(inner.seconds, 0.060);
  EXPECT_LE(outer.seconds + inner.seconds, whole);
}

TEST(Profile, WithoutOneScopesRecordNothing) {
  { ProfileScope scope("before"); }
  Profile profile;
  std::thread([] { ProfileScope scope("another thread's"); }).join();
  EXPECT_TRUE(profile.entries().empty());
}

TEST(Profile, RestartForgetsAndEndsFreeTheThread) {
  {
    Profile profile;
    { ProfileScope scope("loss"); }
    EXPECT_THROW(Profile(), std::logic_error);
    {
      ProfileScope scope("loss");
      EXPECT_THROW(profile.restart(), std::logic_error);
    }
    profile.restart();
    EXPECT_TRUE(profile.entries().empty());
  }
  Profile again;
  { ProfileScope scope("loss"); }
  EXPECT_EQ(entry_of(again, "loss", "").calls, 1);
}

TEST(Profile, APauseIsNotCounted) {
  Profile profile;
  {
    const ProfilePause pause;
    ProfileScope scope("aside");
    spend(std::chrono::milliseconds(30));
  }
  EXPECT_TRUE(profile.entries().empty());
  EXPECT_LT(profile.seconds(), 0.030);
  { ProfileScope scope("loss"); }
  EXPECT_EQ(profile.entries().size(), 1u);
}

}  // namespace
}  // namespace pbgen
