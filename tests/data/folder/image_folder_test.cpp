// Folders: which files count, how they are cropped and converted, and what happens to bad ones.
#include "data/folder/image_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "data/folder/load_images.h"
#include "data/folder/source_files.h"
#include "data/formats/image_io.h"
#include "tests/support/contains.h"
#include "tests/support/golden_pictures.h"
#include "tests/support/image_files.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

LoadedImages load(const FolderOptions& options) { return load_images(options, "", nullptr); }

std::string error_of(const FolderOptions& options) {
  return expect_refusal(ErrorKind::data, "", [&] { load(options); });
}

// The first byte of every image: enough where each is of one colour.
Bytes first_bytes(const ImageSet& images) {
  Bytes bytes;
  for (std::int64_t i = 0; i < images.count(); ++i) bytes.push_back(images.image(i)[0]);
  return bytes;
}

TEST(Crop, TextsAreParsedAndWrittenBack) {
  EXPECT_EQ(parse_crop("108x108+35+55"), kCelebaCrop);
  for (const std::string text : {"", "108x108+35+55", "10x20+0+0", "center:160"}) EXPECT_EQ(to_string(parse_crop(text)), text);
  for (const std::string text : {"108", "108x108", "108x108+35", "108x108+35+55+", "-1x2+0+0", "0x4+0+0", "4x4+ 1+1", "center:", "center:0",
                                 "center:4x4", "centre:4", "99999999999x1+0+0", "20000x1+0+0", "x"}) {
    EXPECT_THROW(parse_crop(text), Error) << text;
  }
}

// 4 wide, 2 high, pixel (x, y) is 10 x + 100 y.
Image ramp() {
  Image image = Image::black(4, 2, 1);
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 4; ++x) image.row(y)[x] = static_cast<std::uint8_t>(10 * x + 100 * y);
  return image;
}

TEST(PrepareImage, CropsAsAsked) {
  FolderOptions options{.channels = 1};
  EXPECT_EQ(prepare_image(ramp(), options, 0).pixels, (Bytes{10, 20, 110, 120}));
  options.crop = parse_crop("2x1+2+1");
  EXPECT_EQ(prepare_image(ramp(), options, 0).pixels, (Bytes{120, 130}));
  options.crop = parse_crop("center:1");
  EXPECT_EQ(prepare_image(ramp(), options, 0).pixels, Bytes{10});
}

TEST(PrepareImage, RefusesACropThatLeavesThePicture) {
  FolderOptions options{.channels = 1};
  for (const std::string text : {"4x2+1+0", "4x2+0+1", "5x1+0+0", "1x3+0+0", "1x1+4+0", "center:3"}) {
    options.crop = parse_crop(text);
    const std::string message = expect_refusal(ErrorKind::data, "", [&] { prepare_image(ramp(), options, 0); });
    EXPECT_TRUE(contains(message, text) && contains(message, "4x2")) << message;
  }
}

TEST(PrepareImage, ConvertsBetweenGreyAndColour) {
  EXPECT_EQ(prepare_image({1, 1, 1, {7}}, {.channels = 3}, 0).pixels, (Bytes{7, 7, 7}));
  // 0.299, 0.587 and 0.114 of 255.
  EXPECT_EQ(prepare_image({1, 1, 3, {255, 0, 0}}, {.channels = 1}, 0).pixels, Bytes{76});
  EXPECT_EQ(prepare_image({1, 1, 3, {0, 255, 0}}, {.channels = 1}, 0).pixels, Bytes{150});
  EXPECT_EQ(prepare_image({1, 1, 3, {0, 0, 255}}, {.channels = 1}, 0).pixels, Bytes{29});
  EXPECT_EQ(prepare_image({1, 1, 3, {255, 255, 255}}, {.channels = 1}, 0).pixels, Bytes{255});
}

TEST(PrepareImage, StretchesTheCropAndNotThePicture) {
  const FolderOptions options{.channels = 1, .crop = parse_crop("3x1+0+0"), .contrast_stretch = true};
  EXPECT_EQ(prepare_image({4, 1, 1, {50, 60, 100, 255}}, options, 0).pixels, (Bytes{0, 51, 255}));
  EXPECT_EQ(prepare_image({3, 1, 1, {9, 9, 9}}, options, 0).pixels, (Bytes{0, 0, 0}));
  EXPECT_EQ(prepare_image({3, 1, 1, {9, 10, 9}}, options, 0).pixels, (Bytes{0, 255, 0}));
}

TEST(ImageFolder, FindsAllEndingsInAnyCaseAtAnyDepthSortedByPath) {
  const TestFolder folder;
  for (const std::string name : {"b/x.PNG", "b.png", "a/deep/er/y.JpG", "c.jpeg", "d.bmp", "e.ppm", "f.Pgm", "g.pnm", "B.png", "b-.png",
                                 "h.JFIF", "i.jpe", "j.jif", "k.dib"})
    write_bytes(folder / name, {1});
  for (const std::string name : {"notes.txt", "n.TXT", "LICENSE", ".hidden.png", ".thumbnails/z.png", "png"})
    write_bytes(folder / name, {1});
  const FolderListing listing = list_images(folder.path());
  std::vector<std::string> paths;
  for (const SourceFile& file : listing.files) paths.push_back(file.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"B.png", "a/deep/er/y.JpG", "b-.png", "b.png", "b/x.PNG", "c.jpeg", "d.bmp", "e.ppm", "f.Pgm",
                                             "g.pnm", "h.JFIF", "i.jpe", "j.jif", "k.dib"}));
  EXPECT_EQ(listing.other_files, (std::map<std::string, std::int64_t>{{"txt", 2}, {"", 2}}));
}

TEST(ImageFolder, PassesOverWhatPhotoLibrariesArchiversAndFileSystemsLeave) {
  const TestFolder folder;
  for (const std::string name :
       {"@eaDir/a.jpg/SYNOFILE_THUMB_M.jpg", "__MACOSX/._a.jpg", "__MACOSX/a.jpg", "#recycle/a.jpg", "$RECYCLE.BIN/a.jpg",
        "lost+found/a.jpg", "System Volume Information/a.jpg", "x/Previews.lrdata/a.jpg", "._a.jpg", ".picasaoriginals/a.jpg"})
    write_bytes(folder / name, {1});
  write_bytes(folder / "x/@eaDir.jpg", {1});
  write_bytes(folder / "x/lost/a.jpg", {1});
  const FolderListing listing = list_images(folder.path());
  ASSERT_EQ(listing.files.size(), 2u);
  EXPECT_EQ(listing.files[0].path, "x/@eaDir.jpg");
  EXPECT_EQ(listing.files[1].path, "x/lost/a.jpg");
  EXPECT_TRUE(listing.other_files.empty());
  // The folder that was named itself is read, whatever its name is.
  EXPECT_EQ(list_images(folder / "#recycle").files.size(), 1u);
}

TEST(ImageFolder, NamesPicturesThatAreNotRead) {
  const TestFolder folder;
  write_bytes(folder / "a.ppm", make_ppm(1, 1, 1, 1, 1));
  for (const std::string name : {"b.webp", "c.WebP", "d.HEIC", "e.cr2", "notes.txt", "Thumbs.db", "README"})
    write_bytes(folder / name, {1});
  const std::map<std::string, std::int64_t> expected = {{"webp", 2}, {"heic", 1}, {"cr2", 1}};
  EXPECT_EQ(unread_pictures(list_images(folder.path())), expected);
  EXPECT_EQ(count_by_extension(expected), "2 .webp, 1 .cr2, 1 .heic");
  EXPECT_EQ(load({.folder = folder.path(), .size = 1}).unread, expected);
  // From a cache too, of which they are no part.
  for (int run = 0; run < 2; ++run) {
    const LoadedImages loaded = load_images({.folder = folder.path(), .size = 1}, folder / "cache", nullptr);
    EXPECT_EQ(loaded.from_cache, run == 1);
    EXPECT_EQ(loaded.unread, expected);
  }
}

TEST(ImageFolder, TurnsPicturesBeforeTheyAreCroppedAndCountsThem) {
  const TestFolder folder;
  // Stored 13 wide and 6 high.
  for (const int orientation : {1, 6, 8}) {
    const GoldenPicture& picture = golden_picture("jpeg orientation " + std::to_string(orientation));
    write_bytes(folder / std::to_string(orientation) + ".jpg", picture.file);
  }
  const FolderOptions options{.folder = folder.path(), .size = 4, .channels = 1, .crop = parse_crop("4x4+1+8"), .on_bad = OnBad::skip};
  for (int run = 0; run < 3; ++run) {
    const LoadedImages loaded = load_images(options, run == 0 ? "" : folder / "cache", nullptr);
    EXPECT_EQ(loaded.from_cache, run == 2);
    EXPECT_EQ(loaded.report.turned, 2);
    ASSERT_EQ(loaded.report.bad.size(), 1u);
    EXPECT_EQ(loaded.report.bad[0].path, "1.jpg");  // the crop is below its lower border
    ASSERT_EQ(loaded.images.count(), 2);
    for (std::int64_t i = 0; i < 2; ++i) {
      const Image& seen = golden_picture("jpeg orientation " + std::to_string(6 + 2 * i)).image;
      EXPECT_EQ(loaded.images.image(i)[0], seen.row(8)[1]) << i;
      EXPECT_EQ(loaded.images.image(i)[15], seen.row(11)[4]) << i;
    }
  }
}

TEST(ImageFolder, FollowsLinksAndReadsEveryFolderOnce) {
  const TestFolder folder;
  write_bytes(folder / "elsewhere/far.ppm", make_ppm(1, 1, 9, 9, 9));
  write_bytes(folder / "data/a/near.ppm", make_ppm(1, 1, 1, 1, 1));
  fs::create_directory_symlink(folder / "elsewhere", folder / "data/far");
  fs::create_directory_symlink(folder / "elsewhere", folder / "data/far_again");
  fs::create_directory_symlink(folder / "data", folder / "data/a/loop");
  fs::create_symlink("loops_to_itself.png", folder / "data/loops_to_itself.png");
  fs::create_symlink(folder / "data/a/near.ppm", folder / "data/link.ppm");
  const FolderListing listing = list_images(folder / "data");
  std::vector<std::string> paths;
  for (const SourceFile& file : listing.files) paths.push_back(file.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"a/near.ppm", "far/far.ppm", "link.ppm"}));
  ASSERT_EQ(listing.bad.size(), 1u);
  EXPECT_EQ(listing.bad[0].path, "loops_to_itself.png");
}

TEST(ImageFolder, DoesNotWaitForAPipeThatIsNamedLikeAnImage) {
  const TestFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe.png").c_str(), 0600), 0);
  const FolderListing listing = list_images(folder.path());
  ASSERT_EQ(listing.bad.size(), 1u);
  EXPECT_EQ(listing.bad[0].reason, "not a regular file");
}

TEST(ImageFolder, LoadsInOrderWithCounts) {
  const TestFolder folder;
  write_bytes(folder / "1.ppm", make_ppm(3, 2, 10, 20, 30));
  write_bytes(folder / "2.png", make_png({.rows = {0, 40}}));
  write_bytes(folder / "3.png", make_png({.depth = 16, .colour_type = 2, .rows = {0, 50, 0, 60, 0, 70, 0}}));
  write_bytes(folder / "4.png", make_png({.colour_type = 6, .rows = {0, 80, 90, 100, 255}}));
  write_bytes(folder / "5.png", make_png({.colour_type = 4, .rows = {0, 110, 255}}));
  std::vector<std::pair<std::int64_t, std::int64_t>> progress;
  const LoadedImages loaded = load_images({.folder = folder.path(), .size = 2}, "",
                                          [&](std::int64_t done, std::int64_t total) { progress.emplace_back(done, total); });
  EXPECT_EQ(loaded.images.size(), 2);
  EXPECT_EQ(loaded.images.channels(), 3);
  EXPECT_EQ(first_bytes(loaded.images), (Bytes{10, 40, 50, 80, 110}));
  EXPECT_EQ(loaded.images.image(0)[11], 30);
  const std::uint64_t content = content_checksum(folder.path(), list_images(folder.path()), {});
  EXPECT_EQ(loaded.report, (FolderReport{.files = 5, .grey = 2, .alpha = 2, .sixteen_bit = 1, .content = content, .bad = {}}));
  ASSERT_FALSE(progress.empty());
  EXPECT_EQ(progress.back(), (std::pair<std::int64_t, std::int64_t>(5, 5)));
}

TEST(ImageFolder, TheSameImagesForAnyNumberOfThreads) {
  const TestFolder folder;
  for (int i = 0; i < 300; ++i) write_bytes(folder / std::to_string(1000 + i) + ".ppm", make_ppm(2, 3, static_cast<std::uint8_t>(i), 0, 0));
  const int threads = thread_count();
  Bytes first;
  for (const int n : {1, 3}) {
    set_thread_count(n);
    const LoadedImages loaded = load({.folder = folder.path(), .size = 1});
    if (first.empty()) first = first_bytes(loaded.images);
    EXPECT_EQ(first_bytes(loaded.images), first);
    EXPECT_EQ(loaded.images.count(), 300);
  }
  set_thread_count(threads);
}

TEST(ImageFolder, SkipsBadFilesWithTheirReasonsUpToOnePercent) {
  const TestFolder folder;
  for (int i = 0; i < 99; ++i) write_bytes(folder / std::to_string(i) + ".ppm", make_ppm(1, 1, 1, 2, 3));
  write_bytes(folder / "notes.jpg", bytes_of("text"));
  FolderOptions options{.folder = folder.path(), .size = 1};
  const LoadedImages loaded = load(options);
  EXPECT_EQ(loaded.images.count(), 99);
  ASSERT_EQ(loaded.report.bad.size(), 1u);
  EXPECT_EQ(loaded.report.bad[0].path, "notes.jpg");
  EXPECT_EQ(loaded.report.bad[0].reason, "is text, not a JPEG, PNG, BMP or binary PNM (P5, P6) picture");

  write_bytes(folder / "zero.png", {});
  const std::string error = error_of(options);
  EXPECT_TRUE(contains(error, "notes.jpg") && contains(error, "1%") && contains(error, "choose on_bad skip")) << error;
  options.on_bad = OnBad::skip;
  EXPECT_EQ(load(options).report.bad.size(), 2u);
  options.on_bad = OnBad::fail;
  EXPECT_TRUE(contains(error_of(options), "/notes.jpg: is text, not a JPEG")) << error_of(options);
}

TEST(ImageFolder, AFileThatIsSmallerThanTheCropIsBad) {
  const TestFolder folder;
  write_bytes(folder / "large.ppm", make_ppm(4, 4, 1, 1, 1));
  write_bytes(folder / "small.ppm", make_ppm(3, 4, 1, 1, 1));
  const LoadedImages loaded = load({.folder = folder.path(), .size = 2, .crop = parse_crop("center:4"), .on_bad = OnBad::skip});
  EXPECT_EQ(loaded.images.count(), 1);
  ASSERT_EQ(loaded.report.bad.size(), 1u);
  EXPECT_TRUE(contains(loaded.report.bad[0].reason, "3x4")) << loaded.report.bad[0].reason;
}

TEST(ImageFolder, WithoutASizeAllFilesMustHaveTheSameSide) {
  const TestFolder folder;
  write_bytes(folder / "a.jpg", bytes_of("text"));
  write_bytes(folder / "b.ppm", make_ppm(3, 5, 1, 1, 1));
  write_bytes(folder / "c.ppm", make_ppm(3, 3, 1, 1, 1));
  FolderOptions options{.folder = folder.path(), .size = 0, .on_bad = OnBad::skip};
  EXPECT_EQ(load(options).images.size(), 3);
  write_bytes(folder / "d.ppm", make_ppm(4, 4, 1, 1, 1));
  EXPECT_TRUE(contains(error_of(options), "d.ppm: 4x4") && contains(error_of(options), "give size")) << error_of(options);
  options.crop = parse_crop("2x1+0+0");
  EXPECT_TRUE(contains(error_of(options), "no square")) << error_of(options);
}

TEST(ImageFolder, NamesTheFolderAndWhatItHoldsWhereNothingCanBeUsed) {
  const TestFolder folder;
  EXPECT_TRUE(contains(error_of({.folder = folder / "missing"}), folder / "missing"));
  EXPECT_TRUE(contains(error_of({.folder = folder.path()}), "no other files"));
  write_bytes(folder / "a.txt", {1});
  write_bytes(folder / "b.webp", {1});
  write_bytes(folder / "c.WEBP", {1});
  write_bytes(folder / "d", {1});
  const std::string error = error_of({.folder = folder.path()});
  EXPECT_TRUE(contains(error, folder.path()) && contains(error, "2 .webp, 1 .txt, 1 without extension")) << error;
  EXPECT_TRUE(contains(error_of({.folder = folder / "a.txt"}), "not a folder"));
  write_bytes(folder / "e.png", {1});
  const std::string unusable = error_of({.folder = folder.path(), .on_bad = OnBad::skip});
  EXPECT_TRUE(contains(unusable, "e.png (is of no known kind, not a JPEG")) << unusable;
}

TEST(ImageFolder, AnErrorInTheProgressCallbackEndsTheWork) {
  const TestFolder folder;
  write_bytes(folder / "a.ppm", make_ppm(1, 1, 1, 1, 1));
  EXPECT_THROW(load_images({.folder = folder.path()}, "", [](std::int64_t, std::int64_t) { throw std::runtime_error("stop"); }),
               std::runtime_error);
}

}  // namespace
}  // namespace pbgen
