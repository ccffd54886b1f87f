// The cache: used while it is fresh, ignored with a reason and written anew where it is not.
#include "data/folder/image_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <thread>

#include "core/base/check.h"
#include "core/files/crc64.h"
#include "core/files/file.h"
#include "data/folder/cache_stamp.h"
#include "data/folder/load_images.h"
#include "data/folder/source_files.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

// Puts the checksum of the header right.
void set_checksum(Bytes& cache) {
  Crc64 crc;
  crc.add(std::span<const std::uint8_t>(cache).first(120));
  for (std::size_t i = 0; i < 8; ++i) cache[120 + i] = static_cast<std::uint8_t>(crc.value() >> 8 * i);
}

// Three images, a grey one among them, and a bad one.
class ImageCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    write_bytes(folder_ / "data/a.ppm", make_ppm(2, 2, 10, 11, 12));
    write_bytes(folder_ / "data/b.png", make_png({.rows = {0, 20}}));
    write_bytes(folder_ / "data/c.ppm", make_ppm(4, 4, 30, 31, 32));
    write_bytes(folder_ / "data/d.jpg", bytes_of("text"));
    options_.folder = folder_ / "data";
    options_.size = 2;
    options_.on_bad = OnBad::skip;
  }

  // Loads and counts the decoded files.
  LoadedImages load() {
    decoded_ = 0;
    return load_images(options_, folder_ / "cache", [this](std::int64_t done, std::int64_t) { decoded_ = done; });
  }

  void expect_pixels(const ImageSet& images) {
    ASSERT_EQ(images.count(), 3);
    EXPECT_EQ(Bytes(images.image(0).begin(), images.image(0).begin() + 3), (Bytes{10, 11, 12}));
    EXPECT_EQ(Bytes(images.image(1).begin(), images.image(1).begin() + 3), (Bytes{20, 20, 20}));
    EXPECT_EQ(Bytes(images.image(2).begin(), images.image(2).begin() + 3), (Bytes{30, 31, 32}));
  }

  void replace_cache(const std::string& path, const Bytes& bytes) {
    fs::remove(path);
    write_bytes(path, bytes);
  }

  // The cache is as given: it must be ignored with this reason and written anew.
  void expect_rebuilt(const std::string& reason) {
    const LoadedImages loaded = load();
    EXPECT_FALSE(loaded.from_cache);
    EXPECT_TRUE(contains(loaded.cache_message, reason)) << loaded.cache_message;
    EXPECT_TRUE(contains(loaded.cache_message, loaded.cache_path)) << loaded.cache_message;
    EXPECT_EQ(decoded_, 4);
    expect_pixels(loaded.images);
    EXPECT_TRUE(load().from_cache);
  }

  // Used as it is, after its files were read.
  void expect_verified(const LoadedImages& loaded) {
    EXPECT_TRUE(loaded.from_cache);
    EXPECT_TRUE(loaded.verified);
    EXPECT_EQ(loaded.cache_message, "");
    EXPECT_EQ(decoded_, 0);
    expect_pixels(loaded.images);
  }

  const TestFolder folder_;
  FolderOptions options_;
  std::int64_t decoded_ = 0;
};

TEST_F(ImageCacheTest, TheSecondRunDecodesNothingAndReportsTheSame) {
  const LoadedImages first = load();
  EXPECT_FALSE(first.from_cache);
  EXPECT_EQ(first.cache_message, "");
  EXPECT_EQ(decoded_, 4);
  expect_pixels(first.images);
  const LoadedImages second = load();
  EXPECT_TRUE(second.from_cache);
  EXPECT_EQ(second.cache_message, "");
  EXPECT_EQ(decoded_, 0);
  expect_pixels(second.images);
  EXPECT_EQ(second.report, first.report);
  EXPECT_EQ(second.report.grey, 1);
  ASSERT_EQ(second.report.bad.size(), 1u);
  EXPECT_EQ(second.report.bad[0].path, "d.jpg");
  EXPECT_EQ(load_images(options_, "", nullptr).report, first.report);
}

TEST_F(ImageCacheTest, TheRuleAboutBadFilesHoldsFromACacheToo) {
  load();
  options_.on_bad = OnBad::one_percent;
  EXPECT_THROW(load(), Error);
  options_.on_bad = OnBad::fail;
  EXPECT_THROW(load(), Error);
}

// The file's pixels become others; its length and time of modification stay.
void overwrite_with_the_old_time(const std::string& path, const Bytes& bytes) {
  struct stat before = {};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  ASSERT_EQ(static_cast<std::size_t>(before.st_size), bytes.size());
  write_bytes(path, bytes);
  const timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  struct stat after = {};
  ASSERT_EQ(::stat(path.c_str(), &after), 0);
  ASSERT_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}

TEST_F(ImageCacheTest, OtherPixelsUnderTheOldLengthAndTimeMakeItStale) {
  load();
  overwrite_with_the_old_time(folder_ / "data/a.ppm", make_ppm(2, 2, 50, 51, 52));
  const LoadedImages loaded = load();
  EXPECT_FALSE(loaded.from_cache);
  EXPECT_TRUE(contains(loaded.cache_message, "bytes of files have changed")) << loaded.cache_message;
  EXPECT_EQ(loaded.images.image(0)[0], 50);
  EXPECT_EQ(load().images.image(0)[0], 50);
  EXPECT_TRUE(load().from_cache);
}

TEST_F(ImageCacheTest, EveryBitOfAFileCounts) {
  load();
  const Bytes whole = read_file(folder_ / "data/d.jpg", 100);
  for (std::size_t i = 0; i < 8 * whole.size(); ++i) {
    Bytes flipped = whole;
    flipped[i / 8] ^= static_cast<std::uint8_t>(1 << i % 8);
    overwrite_with_the_old_time(folder_ / "data/d.jpg", flipped);
    EXPECT_FALSE(load().from_cache) << i;
    EXPECT_EQ(decoded_, 4) << i;
  }
}

TEST_F(ImageCacheTest, ATouchIsVerifiedAndDecodesNothing) {
  load();
  for (const char* const name : {"data/a.ppm", "data/b.png", "data/c.ppm", "data/d.jpg"})
    fs::last_write_time(folder_ / name, fs::last_write_time(folder_ / name) + std::chrono::hours(1));
  expect_verified(load());
}

TEST_F(ImageCacheTest, WhileNothingIsTouchedNothingIsRead) {
  std::this_thread::sleep_for(std::chrono::milliseconds(2050));  // until the files' times are told from those of later changes
  load();
  const LoadedImages again = load();
  EXPECT_TRUE(again.from_cache);
  EXPECT_FALSE(again.verified);
  expect_pixels(again.images);
  // What the file system cannot be made to forget: one file is replaced by another of its name, length and time.
  overwrite_with_the_old_time(folder_ / "data/a.ppm", make_ppm(2, 2, 50, 51, 52));
  EXPECT_FALSE(load().from_cache);
  EXPECT_EQ(decoded_, 4);
}

TEST_F(ImageCacheTest, AFolderThatIsCopiedOrMovedWithItsCacheIsVerifiedAndDecodesNothing) {
  const std::string first = load().cache_path;
  fs::create_directories(folder_ / "elsewhere");
  fs::copy(folder_ / "data", folder_ / "elsewhere/pictures", fs::copy_options::recursive);
  fs::rename(folder_ / "cache", folder_ / "other-cache");
  options_.folder = folder_ / "elsewhere/pictures";
  fs::create_directories(folder_ / "cache");
  // The names of a cache and its folder do not tie them together either.
  fs::rename(folder_ / ("other-cache/" + fs::path(first).filename().string()), folder_ / "cache/any name.pixels");
  const LoadedImages loaded = load();
  expect_verified(loaded);
  EXPECT_EQ(fs::path(loaded.cache_path).filename(), "any name.pixels");
  // But its files do.
  write_bytes(folder_ / "elsewhere/pictures/a.ppm", make_ppm(2, 2, 50, 51, 52));
  EXPECT_FALSE(load().from_cache);
  EXPECT_EQ(decoded_, 4);
}

TEST_F(ImageCacheTest, ACacheOfTheSameNamesAndLengthsIsNoOtherFoldersCache) {
  load();
  fs::copy(folder_ / "data", folder_ / "others", fs::copy_options::recursive);
  write_bytes(folder_ / "others/a.ppm", make_ppm(2, 2, 50, 51, 52));
  options_.folder = folder_ / "others";
  const LoadedImages loaded = load();
  EXPECT_FALSE(loaded.from_cache);
  EXPECT_EQ(loaded.images.image(0)[0], 50);
  options_.folder = folder_ / "data";
  EXPECT_TRUE(load().from_cache);
}

TEST_F(ImageCacheTest, WithoutItsFilesItIsNotUsed) {
  load();
  fs::remove_all(folder_ / "data");
  EXPECT_THROW(load(), Error);
}

TEST_F(ImageCacheTest, ABrokenOrForeignStampIsNoStamp) {
  const FolderListing listing = list_images(options_.folder);
  const CacheStamp stamp{1, listing_stamp(listing), 3};
  const std::string path = folder_ / "stamp";
  write_cache_stamp(path, stamp);
  EXPECT_EQ(read_cache_stamp(path), stamp);
  const Bytes whole = read_file(path, 1000);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes broken = whole;
    broken[i] ^= 1;
    write_bytes(path, broken);
    EXPECT_FALSE(read_cache_stamp(path).has_value()) << i;
    write_bytes(path, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i)));
    EXPECT_FALSE(read_cache_stamp(path).has_value()) << i;
  }
  EXPECT_FALSE(read_cache_stamp(folder_ / "missing").has_value());
}

TEST(ListingStamp, TellsEveryThingThatAFileSystemSays) {
  const SourceFile file{.path = "a", .bytes = 1, .modified_ns = 2, .changed_ns = 3, .inode = 4};
  const auto stamp_of = [](const SourceFile& one) { return listing_stamp({.files = {one}, .bad = {}, .other_files = {}}); };
  std::vector<SourceFile> others(5, file);
  others[0].path = "b";
  others[1].bytes = 9;
  others[2].modified_ns = 9;
  others[3].changed_ns = 9;
  others[4].inode = 9;
  for (const SourceFile& other : others) EXPECT_NE(stamp_of(other), stamp_of(file));
}

TEST_F(ImageCacheTest, AFileOfAnotherLengthWithTheOldTimeMakesItStale) {
  load();
  const auto time = fs::last_write_time(folder_ / "data/a.ppm");
  Bytes longer = make_ppm(2, 2, 10, 11, 12);
  longer.insert(longer.begin() + 2, ' ');
  write_bytes(folder_ / "data/a.ppm", longer);
  fs::last_write_time(folder_ / "data/a.ppm", time);
  expect_rebuilt("stale");
}

TEST_F(ImageCacheTest, ANewNameMakesItStale) {
  load();
  fs::rename(folder_ / "data/a.ppm", folder_ / "data/a2.ppm");
  expect_rebuilt("stale");
}

TEST_F(ImageCacheTest, AChangedOptionIsAnotherCache) {
  const LoadedImages first = load();
  std::vector<FolderOptions> others(4, options_);
  others[0].size = 1;
  others[1].channels = 1;
  others[2].crop = parse_crop("center:1");
  others[3].contrast_stretch = true;
  for (const FolderOptions& other : others) {
    EXPECT_NE(image_cache_key({}, other), image_cache_key({}, options_));
    const LoadedImages loaded = load_images(other, folder_ / "cache", nullptr);
    EXPECT_FALSE(loaded.from_cache);
    EXPECT_EQ(loaded.cache_message, "");
  }
  EXPECT_TRUE(load().from_cache);
}

TEST_F(ImageCacheTest, ATruncatedFileIsRebuiltWhateverItsLength) {
  const std::string path = load().cache_path;
  const Bytes whole = read_file(path, 100000);
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{127}, std::size_t{128}, whole.size() - 1}) {
    replace_cache(path, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    expect_rebuilt("cache");
  }
  Bytes longer = whole;
  longer.push_back(0);
  replace_cache(path, longer);
  expect_rebuilt("broken");
}

TEST_F(ImageCacheTest, EveryFlippedByteOfTheHeaderAndTheReportIsNoticed) {
  const std::string path = load().cache_path;
  const Bytes whole = read_file(path, 100000);
  const std::size_t pixels_end = 128 + 3 * 12;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i >= 128 && i < pixels_end) continue;
    Bytes broken = whole;
    broken[i] ^= 0x10;
    replace_cache(path, broken);
    EXPECT_THROW(open_image_cache(path), Error) << i;
  }
  expect_rebuilt("checksum");
}

TEST_F(ImageCacheTest, AHeaderThatLiesAboutLengthsIsRefusedEvenWithARightChecksum) {
  const std::string path = load().cache_path;
  const Bytes whole = read_file(path, 100000);
  // Fields 2..6 (count, size, channels, bytes of pixels, bytes of report), each with several values.
  for (std::size_t field = 2; field <= 6; ++field)
    for (const std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{1} << 32, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
      Bytes lie = whole;
      for (std::size_t i = 0; i < 8; ++i) lie[8 + 8 * field + i] = static_cast<std::uint8_t>(value >> 8 * i);
      set_checksum(lie);
      replace_cache(path, lie);
      EXPECT_THROW(open_image_cache(path), Error) << field << " " << value;
    }
}

TEST_F(ImageCacheTest, ACacheOfAnotherVersionIsNamedAndRebuilt) {
  const std::string path = load().cache_path;
  Bytes old = read_file(path, 100000);
  old[8] = 1;
  // Version 1 had a 64-bit FNV-1a where this one has a CRC.
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (std::size_t i = 0; i < 120; ++i) hash = (hash ^ old[i]) * 0x100000001b3ull;
  for (std::size_t i = 0; i < 8; ++i) old[120 + i] = static_cast<std::uint8_t>(hash >> 8 * i);
  replace_cache(path, old);
  expect_rebuilt("version 1");
}

TEST_F(ImageCacheTest, AnErrorWhileItIsWrittenLeavesNothingBehind) {
  EXPECT_THROW(load_images(options_, folder_ / "cache", [](std::int64_t, std::int64_t) { throw std::runtime_error("stop"); }),
               std::runtime_error);
  EXPECT_TRUE(fs::is_empty(folder_ / "cache"));
}

TEST_F(ImageCacheTest, WaitingForAnotherProcessIsToldAndItsCacheIsUsed) {
  const std::string path = load().cache_path;
  const Bytes cache = read_file(path, 100000);
  fs::remove(path);
  std::optional<AtomicFile> other(path);  // holds the lock as another process would
  std::string told;
  const LoadedImages loaded = load_images(options_, folder_ / "cache", nullptr, {}, [&](const std::string& waited_for) {
    told = waited_for;
    other->append(cache);
    other->commit();
    other.reset();
  });
  EXPECT_EQ(told, path);
  EXPECT_TRUE(loaded.from_cache);
  expect_pixels(loaded.images);
}

TEST_F(ImageCacheTest, AFolderThatCannotBeWrittenIsNamed) {
  write_bytes(folder_ / "cache", bytes_of("a file"));
  const std::string message = expect_refusal(ErrorKind::input_output, "", [&] { load(); });
  EXPECT_TRUE(contains(message, folder_ / "cache")) << message;
}

TEST_F(ImageCacheTest, ImagesOutliveTheirFile) {
  const LoadedImages loaded = load();
  fs::remove(loaded.cache_path);
  expect_pixels(loaded.images);
}

TEST(ImageCache, OpeningSomethingElseIsRefused) {
  const TestFolder folder;
  write_bytes(folder / "notes.txt", Bytes(1000, 'x'));
  EXPECT_THROW(open_image_cache(folder / "notes.txt"), Error);
  EXPECT_THROW(open_image_cache(folder / "missing"), Error);
  EXPECT_THROW(open_image_cache(folder.path()), Error);
}

}  // namespace
}  // namespace pbgen
