// Folders full of pictures.
#include "tools/lib/images/image_output.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "data/formats/image_io.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

ImageSet grey_ramp(std::int64_t count, int size) {
  const auto pixels = std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(count * size * size));
  for (std::size_t i = 0; i < pixels->size(); ++i) (*pixels)[i] = static_cast<std::uint8_t>(i);
  return {pixels, pixels->data(), count, size, 1};
}

void expect_not_claimed(const std::string& path) {
  const std::string message = expect_refusal(ErrorKind::usage, "", [&] { claim_output_folder(path, false); });
  EXPECT_TRUE(contains(message, path)) << message;
}

TEST(ImageOutput, PicturesAreNumberedFromTheFirstAndHoldTheirPixels) {
  const TestFolder folder;
  const ImageSet images = grey_ramp(3, 4);
  write_numbered_pngs(folder.path(), "face", images, 999998);
  const std::vector<std::string> names = {"face_999998.png", "face_999999.png", "face_1000000.png"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Image read = read_image(folder / names[i]).image;
    const auto expected = images.image(static_cast<std::int64_t>(i));
    EXPECT_EQ(read.pixels, std::vector<std::uint8_t>(expected.begin(), expected.end())) << names[i];
  }
}

TEST(ImageOutput, AFileThatCannotBeWrittenIsNamed) {
  const TestFolder folder;
  fs::create_directories(folder / "face_000001.png");
  expect_refusal(ErrorKind::input_output, folder / "face_000001.png",
                 [&] { write_numbered_pngs(folder.path(), "face", grey_ramp(3, 4), 0); });
}

TEST(ImageOutput, AFolderIsClaimedWhereItIsEmptyOrForced) {
  const TestFolder folder;
  fs::create_directories(folder / "empty");
  { const FolderLock lock = claim_output_folder(folder / "empty", false); }
  {
    const FolderLock lock = claim_output_folder(folder / "deep/new", false);
    EXPECT_TRUE(fs::is_directory(folder / "deep/new"));
  }
  write_bytes(folder / "deep/new/notes.txt", bytes_of("mine"));
  expect_not_claimed(folder / "deep/new");
  { const FolderLock lock = claim_output_folder(folder / "deep/new", true); }
  EXPECT_TRUE(fs::exists(folder / "deep/new/notes.txt"));
  expect_not_claimed(folder / "deep/new/notes.txt");
}

TEST(ImageOutput, LargeImagesAreMadeFewAtATime) {
  EXPECT_EQ(images_at_a_time(3 * 64 * 64), 512);
  EXPECT_EQ(images_at_a_time(3 * 1024 * 1024), 21);
  EXPECT_EQ(images_at_a_time(std::int64_t{3} * 65536 * 65536), 1);
}

}  // namespace
}  // namespace pbgen
