// Runs the tool itself: set PBGEN_TOOLS to its folder, as `make test` does.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "data/faces/synthetic_faces.h"
#include "data/formats/image_io.h"

namespace pbgen {
namespace {

class MakeFaces : public testing::Test {
 protected:
  void SetUp() override {
    const char* tools = std::getenv("PBGEN_TOOLS");
    if (tools == nullptr) GTEST_SKIP() << "PBGEN_TOOLS is not set";
    tool_ = std::string(tools) + "/make_faces";
    folder_ = testing::TempDir() + "pbgen_make_faces";
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  int run(const std::string& arguments) const {
    const int status = std::system(("'" + tool_ + "' " + arguments + " >/dev/null 2>&1").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string out() const { return "--out '" + folder_ + "/faces'"; }
  std::string file(const std::string& name) const { return folder_ + "/" + name; }

  std::string tool_;
  std::string folder_;
};

TEST_F(MakeFaces, WritesTheFacesOfTheSeed) {
  ASSERT_EQ(run(concat("--n 3 --size 24 --seed 9 ", out(), " --grid '", file("grid.png"), "'")), 0);
  const ImageSet expected = synthetic_faces(9, 0, 3, 24, 3);
  for (int i = 0; i < 3; ++i) {
    const Image image = read_image(file("faces/face_00000" + std::to_string(i) + ".png")).image;
    ASSERT_EQ(image.width, 24);
    ASSERT_EQ(image.channels, 3);
    EXPECT_EQ(image.pixels, std::vector<std::uint8_t>(expected.image(i).begin(), expected.image(i).end())) << i;
  }
  EXPECT_FALSE(std::filesystem::exists(file("faces/face_000003.png")));
  EXPECT_GE(read_image(file("grid.png")).image.width, 3 * 24);
}

TEST_F(MakeFaces, RefusesAFolderThatIsNotEmptyUnlessForced) {
  ASSERT_EQ(run(concat("--n 1 --size 8 ", out())), 0);
  EXPECT_EQ(run(concat("--n 2 --size 8 ", out())), 2);
  EXPECT_FALSE(std::filesystem::exists(file("faces/face_000001.png")));
  EXPECT_EQ(run(concat("--n 2 --size 8 --force ", out())), 0);
  EXPECT_TRUE(std::filesystem::exists(file("faces/face_000001.png")));
}

TEST_F(MakeFaces, RefusesWrongValuesBeforeWriting) {
  for (const char* wrong : {"--n 0", "--n 1000001", "--size 7", "--size 4097", "--channels 2", "--seed -1", "--size 600 --grid grid.png"}) {
    EXPECT_EQ(run(concat(wrong, " ", out())), 2) << wrong;
  }
  EXPECT_EQ(run("--n 1"), 2);
  EXPECT_FALSE(std::filesystem::exists(file("faces")));
  EXPECT_EQ(run("--help"), 0);
}

}  // namespace
}  // namespace pbgen
