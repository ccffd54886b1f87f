// swd_eval as a user runs it: folders, caches and synthetic faces in; table, JSON and refusals out.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/files/json.h"
#include "data/faces/synthetic_faces.h"
#include "data/folder/load_images.h"
#include "data/formats/image_io.h"
#include "tests/support/image_files.h"
#include "tests/support/tool_run.h"

namespace pbgen {
namespace {

class SwdEval : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"swd_eval"});
    tool_ = tool_path("swd_eval").value_or("");
  }

  ToolRun run(const Arguments& arguments) const { return run_tool_at(tool_, arguments, folder_.path()); }

  Json run_json(Arguments arguments) const {
    arguments.push_back("--json");
    const ToolRun result = run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return parse_json(result.out, ErrorKind::data, "stdout");
  }

  // Faces first .. first + count - 1 as PNG files of width x height, repeated where that is more than the face.
  std::string write_faces(const std::string& name, int first, int count, int size, int width, int height) const {
    const std::string folder = folder_ / name;
    const ImageSet faces = synthetic_faces(1, first, count, size, 3);
    for (int i = 0; i < count; ++i) {
      Image picture = Image::black(width, height, 3);
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          for (int c = 0; c < 3; ++c) picture.row(y)[x * 3 + c] = faces.image(i)[((y % size) * size + x % size) * 3 + c];
        }
      }
      write_png(concat(folder, "/", 100 + i, ".png"), picture);
    }
    return folder;
  }
  std::string write_faces(const std::string& name, int first, int count, int size) const {
    return write_faces(name, first, count, size, size, size);
  }

  // As train_gan leaves it.
  void write_config(const std::string& run, const std::string& data, const std::string& crop, int size, bool stretch) const {
    Json config = Json::object();
    config.set("binarize_g", "1,2,3").set("size", size).set("channels", 3).set("data", data).set("crop", crop);
    config.set("contrast_stretch", stretch);
    write_bytes(folder_ / (run + "/config.json"), bytes_of(config.text()));
  }

  std::string tool_;
  TestFolder folder_;
};

double number(const Json& object, const char* key) {
  const Json* const value = object.find(key);
  EXPECT_NE(value, nullptr) << key;
  return value != nullptr ? value->as_number() : -1.0;
}

TEST_F(SwdEval, GivesOneJsonObjectWithLevelsMeansAndCounts) {
  const Json object = run_json({write_faces("real", 0, 12, 32), write_faces("fake", 100, 9, 32)});
  const Json::Array& levels = object.find("levels")->as_array();
  ASSERT_EQ(levels.size(), 2u);
  EXPECT_EQ(number(levels[0], "size"), 32);
  EXPECT_EQ(number(levels[1], "size"), 16);
  for (const char* key : {"swd", "swd_at_floor_count", "noise_floor"}) {
    EXPECT_GT(number(levels[0], key), 0.0);
    EXPECT_TRUE(levels[0].find(concat(key, "_sd"))->is_null());
  }
  EXPECT_NEAR(number(object, "mean"), (number(levels[0], "swd") + number(levels[1], "swd")) / 2, 1e-12);
  EXPECT_GT(number(object, "mean_at_floor_count"), 0.0);
  EXPECT_GT(number(object, "noise_floor_mean"), 0.0);
  EXPECT_EQ(number(object, "num_images"), 9);
  EXPECT_EQ(number(object, "floor_num_images"), 6);
}

TEST_F(SwdEval, PrintsATableOfLevelsAndMean) {
  const ToolRun result = run({"synthetic", "synthetic", "--num-images", "6", "--size", "32"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  for (const char* word : {"level", "x1000", "floor at 6", "\n32 ", "\n16 ", "\nmean "}) {
    EXPECT_NE(result.out.find(word), std::string::npos) << word << " in\n" << result.out;
  }
}

TEST_F(SwdEval, OtherFacesAreNearTheFloorAndNoiseIsFarFromIt) {
  const std::string noise = folder_ / "noise";
  const CounterRng rng(1, Stream::test);
  for (int i = 0; i < 24; ++i) {
    Image picture = Image::black(32, 32, 3);
    for (int p = 0; p < 3072; ++p) picture.pixels[p] = static_cast<std::uint8_t>(rng.below(i * 3072 + p, 256));
    write_png(concat(noise, "/", i, ".png"), picture);
  }
  const Json faces = run_json({"synthetic", write_faces("fake", 100, 24, 32)});
  const Json far = run_json({"synthetic", noise});
  EXPECT_LT(number(faces, "mean"), 1.5 * number(faces, "noise_floor_mean"));
  EXPECT_GT(number(far, "mean"), 2 * number(far, "noise_floor_mean"));
}

TEST_F(SwdEval, TheNumberOfThreadsDoesNotChangeAByte) {
  const Arguments arguments = {"synthetic", "synthetic:5", "--num-images", "8", "--size", "16", "--json", "--threads"};
  Arguments one = arguments;
  one.push_back("1");
  Arguments two = arguments;
  two.push_back("2");
  const ToolRun first = run(one);
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(first.out, run(two).out);
}

TEST_F(SwdEval, RepeatsGiveASpread) {
  const Json object = run_json({"synthetic", "synthetic:5", "--num-images", "8", "--size", "16", "--repeats", "2"});
  EXPECT_GT(number(object, "mean_sd"), 0.0);
  EXPECT_GT(number(object, "noise_floor_mean_sd"), 0.0);
  EXPECT_EQ(number(object, "repeats"), 2);
}

TEST_F(SwdEval, SizesThatDifferAreRefusedWithTheMend) {
  const ToolRun result = run({write_faces("real", 0, 3, 64, 178, 218), write_faces("fake", 100, 2, 32)});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "");
  for (const char* word : {"178x218", "32x32", "--celeba", "--crop", "--size"}) {
    EXPECT_NE(result.err.find(word), std::string::npos) << word << " in " << result.err;
  }
}

TEST_F(SwdEval, CelebaPreparesRealAndTakesTheSizeOfFake) {
  const Json object = run_json({write_faces("real", 0, 3, 64, 178, 218), write_faces("fake", 100, 2, 32), "--celeba"});
  EXPECT_EQ(number(object.find("levels")->as_array()[0], "size"), 32);
  EXPECT_EQ(number(object, "num_images"), 2);
}

TEST_F(SwdEval, ACacheGivesTheSameAsItsFolder) {
  FolderOptions options;
  options.folder = write_faces("real", 0, 6, 32);
  options.size = 32;
  const std::string cache = load_images(options, folder_ / "cache", {}).cache_path;
  const std::string fake = write_faces("fake", 100, 3, 32);
  EXPECT_EQ(run_json({cache, fake}), run_json({options.folder, fake}));
  const ToolRun other_size = run({cache, fake, "--size", "16"});
  EXPECT_EQ(other_size.exit_code, 3);
  EXPECT_NE(other_size.err.find("cannot be resized"), std::string::npos) << other_size.err;
}

TEST_F(SwdEval, FakeIsResizedOnlyWhenASizeIsGivenAndThatIsSaid) {
  const std::string fake = write_faces("fake", 100, 3, 64);
  const ToolRun result = run({"synthetic", fake, "--size", "16", "--json"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.err.find("resized from 64x64 to 16x16"), std::string::npos) << result.err;
  EXPECT_EQ(number(run_json({"synthetic", fake}).find("levels")->as_array()[0], "size"), 64);
}

TEST_F(SwdEval, SubsamplingIsSaid) {
  const ToolRun result = run({write_faces("real", 0, 9, 16), write_faces("fake", 100, 3, 16), "--num-images", "2"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.err.find("2 images of each set are compared"), std::string::npos) << result.err;
}

TEST_F(SwdEval, GreyPicturesAreComparedAsGrey) {
  const std::string fake = write_faces("fake", 100, 3, 16);
  const Json grey = run_json({"synthetic", fake, "--channels", "1"});
  EXPECT_NE(number(grey, "mean"), number(run_json({"synthetic", fake}), "mean"));
}

TEST_F(SwdEval, BadFilesStopItUnlessTheyAreToBeSkipped) {
  const std::string real = write_faces("real", 0, 4, 16);
  const std::string fake = write_faces("fake", 100, 3, 16);
  write_bytes(fake + "/zzz.png", bytes_of("words"));
  const ToolRun stopped = run({real, fake});
  EXPECT_EQ(stopped.exit_code, 3);
  EXPECT_NE(stopped.err.find("--on-bad skip"), std::string::npos) << stopped.err;
  const ToolRun skipped = run({real, fake, "--on-bad", "skip", "--json"});
  EXPECT_EQ(skipped.exit_code, 0) << skipped.err;
  EXPECT_NE(skipped.err.find("zzz.png"), std::string::npos) << skipped.err;
}

TEST_F(SwdEval, WrongUsageEndsWithTwoAndMissingDataWithThree) {
  const std::string fake = write_faces("fake", 100, 3, 16);
  EXPECT_EQ(run({"synthetic"}).exit_code, 2);
  EXPECT_EQ(run({"synthetic", fake, "--size", "50"}).exit_code, 2);
  EXPECT_EQ(run({"synthetic", fake, "--repeats", "0"}).exit_code, 2);
  EXPECT_EQ(run({"synthetic", fake, "--num-images", "4"}).exit_code, 2);
  EXPECT_EQ(run({"synthetic", fake, "--celeba"}).exit_code, 2);
  EXPECT_EQ(run({"synthetic:x", fake}).exit_code, 2);
  EXPECT_EQ(run({fake, fake, "--celeba", "--crop", "center:8"}).exit_code, 2);
  EXPECT_EQ(run({folder_ / "none", fake}).exit_code, 3);
  EXPECT_EQ(run({write_faces("one", 0, 1, 16), fake}).exit_code, 3);
  EXPECT_EQ(run({write_faces("odd", 0, 2, 24), write_faces("odd_too", 5, 2, 24)}).exit_code, 3);
  EXPECT_EQ(run({"--help"}).exit_code, 0);
}

TEST_F(SwdEval, PreparesRealAsTheRunOfFakeDid) {
  const std::string real = write_faces("photos", 0, 12, 64, 80, 100);
  const std::string samples = write_faces("run/generated/newest", 100, 12, 32);
  const std::string asked = run({real, samples, "--crop", "40x40+10+20", "--json"}).out;
  EXPECT_NE(run({real, samples}).exit_code, 0);  // two sizes, and nothing that says how
  write_config("run", "/photos", "40x40+10+20", 32, false);
  const ToolRun taken = run({real, samples, "--json"});
  ASSERT_EQ(taken.exit_code, 0) << taken.err;
  EXPECT_EQ(taken.out, asked);
  EXPECT_NE(taken.err.find("run/config.json"), std::string::npos) << taken.err;
  EXPECT_NE(taken.err.find("--crop 40x40+10+20"), std::string::npos) << taken.err;
  // Flags win.
  EXPECT_EQ(run({real, samples, "--crop", "center:60", "--json"}).out.empty(), false);
  EXPECT_NE(run({real, samples, "--crop", "center:60", "--json"}).out, asked);
  write_config("run", "/photos", "40x40+10+20", 32, true);
  EXPECT_NE(run({real, samples, "--json"}).out, asked);
}

TEST_F(SwdEval, TakesNoPreparationFromWhatIsNoRunOfFake) {
  const std::string real = write_faces("photos", 0, 12, 64, 80, 100);
  const std::string samples = write_faces("run/generated", 100, 12, 32);
  const auto refused = [&] { return run({real, samples}).exit_code == 3; };
  write_bytes(folder_ / "run/config.json", bytes_of(R"({"architectures": ["another program"], "size": 32})"));
  EXPECT_TRUE(refused());
  write_config("run", "", "", 32, false);  // synthetic faces
  EXPECT_TRUE(refused());
  write_config("run", "/photos", "", 64, false);  // other pictures than those that the run draws
  EXPECT_TRUE(refused());
  write_config("run", "/photos", "center:90", 32, false);  // does not fit these
  EXPECT_TRUE(refused());
  write_config("run", "/photos", "center:80", 32, false);
  EXPECT_FALSE(refused());
}

TEST_F(SwdEval, SaysWhatTheDistanceCannotSee) {
  const auto write_constant = [&](const std::string& name, std::uint8_t grey) {
    Image picture = Image::black(32, 32, 3);
    std::fill(picture.pixels.begin(), picture.pixels.end(), grey);
    for (int i = 0; i < 6; ++i) write_png(concat(folder_ / name, "/", i, ".png"), picture);
    return folder_ / name;
  };
  const std::string black = write_constant("black", 0);
  const std::string white = write_constant("white", 255);
  const std::string faces = write_faces("faces", 0, 6, 32);
  const ToolRun text = run({black, white});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_NE(text.out.find("Beware: level 32, 16: channels of REAL"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("a distance of 0 there says nothing"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("6 images are one picture"), std::string::npos) << text.out;
  const Json blind = run_json({black, white});
  EXPECT_EQ(number(blind, "mean"), 0.0);
  EXPECT_EQ(number(blind.find("levels")->as_array()[0], "constant_real"), 3);
  EXPECT_EQ(number(blind.find("levels")->as_array()[0], "constant_fake"), 3);
  EXPECT_EQ(blind.find("remarks")->as_array().size(), 3u);
  const Json half = run_json({faces, white});
  EXPECT_EQ(number(half.find("levels")->as_array()[1], "constant_real"), 0);
  EXPECT_EQ(number(half.find("levels")->as_array()[1], "constant_fake"), 3);
  EXPECT_EQ(half.find("remarks")->as_array().size(), 2u);
  // A set with itself.
  const ToolRun same = run({faces, faces});
  EXPECT_NE(same.out.find("6 of the 6 images of FAKE"), std::string::npos) << same.out;
  // And nothing where there is nothing to say.
  EXPECT_TRUE(run_json({faces, write_faces("others", 100, 6, 32)}).find("remarks")->as_array().empty());
}

}  // namespace
}  // namespace pbgen
