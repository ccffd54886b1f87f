// What is said about a folder of images.
#include "tools/lib/images/loaded_images.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace pbgen {
namespace {

LoadedImages loaded(int channels) {
  static const std::uint8_t pixel[3] = {};
  LoadedImages result;
  result.images = ImageSet(nullptr, pixel, 1, 1, channels);
  return result;
}

TEST(LoadingNotes, AFolderWithoutOdditiesNeedsNone) { EXPECT_TRUE(loading_notes(loaded(3)).empty()); }

TEST(LoadingNotes, TellWhatWasConvertedAndWhyACacheWasIgnored) {
  LoadedImages images = loaded(3);
  images.report.grey = 5;
  images.report.alpha = 2;
  images.report.sixteen_bit = 1;
  images.cache_message = "stale";
  const std::vector<std::string> expected = {"stale", "5 grey images became RGB", "2 images with transparency were laid on white",
                                             "1 images of 16 bits became 8"};
  EXPECT_EQ(loading_notes(images), expected);
  images = loaded(1);
  images.report.grey = 5;
  EXPECT_EQ(loading_notes(images), std::vector<std::string>{"5 images were grey"});
}

TEST(LoadingNotes, TellOfTurnedPicturesAndOfThoseThatAreNotRead) {
  LoadedImages images = loaded(3);
  images.report.turned = 3;
  images.unread = {{"gif", 1}, {"webp", 200}};
  const std::vector<std::string> expected = {"3 images were turned as their EXIF orientation says",
                                             "pictures of formats that are not read: 200 .webp, 1 .gif; convert them to JPEG or PNG"};
  EXPECT_EQ(loading_notes(images), expected);
  EXPECT_EQ(loading_summary(images.report, images.unread), " (3 turned as their EXIF says; not read: 200 .webp, 1 .gif)");
  EXPECT_EQ(loading_summary(images.report, {}), " (3 turned as their EXIF says)");
  EXPECT_EQ(loading_summary({}, images.unread), " (not read: 200 .webp, 1 .gif)");
  EXPECT_EQ(loading_summary({}, {}), "");
}

TEST(LoadingNotes, ListTwentySkippedFilesWithTheirReasonsAndCountTheRest) {
  LoadedImages images = loaded(3);
  images.report.files = 100;
  for (int i = 0; i < 20; ++i) images.report.bad.push_back({"face" + std::to_string(i) + ".jpg", "truncated"});
  std::vector<std::string> notes = loading_notes(images);
  ASSERT_EQ(notes.size(), 21u);
  EXPECT_EQ(notes[0], "20 of 100 files skipped:");
  EXPECT_EQ(notes[20], "  face19.jpg: truncated");
  images.report.bad.push_back({"last.jpg", "empty"});
  notes = loading_notes(images);
  ASSERT_EQ(notes.size(), 22u);
  EXPECT_EQ(notes[21], "  and 1 more");
}

}  // namespace
}  // namespace pbgen
