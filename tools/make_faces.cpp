// Writes synthetic faces as PNG files.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

#include "core/base/check.h"
#include "data/faces/synthetic_faces.h"
#include "data/image_grid.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/exit.h"
#include "tools/lib/cli/output_path.h"
#include "tools/lib/cli/progress.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/images/image_output.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxFaces = 1'000'000;  // what six digits number
constexpr std::int64_t kGridFaces = 64;
constexpr int kGridColumns = 8;
constexpr int kMaxGridFaceSize = 512;

struct Options {
  std::int64_t count = 64;
  int size = 64;
  int channels = 3;
  std::uint64_t seed = 1;
  std::string out;
  std::string grid;
  bool force = false;
};

void write_faces(const Options& options) {
  const std::int64_t together = images_at_a_time(std::int64_t{options.size} * options.size * options.channels);
  Progress progress("drawing", options.count);
  for (std::int64_t first = 0; first < options.count; first += together) {
    const std::int64_t count = std::min(together, options.count - first);
    write_numbered_pngs(options.out, "face", synthetic_faces(options.seed, first, count, options.size, options.channels), first);
    progress.update(first + count);
  }
  progress.finish();
}

int run(int argc, char** argv) {
  Options options;
  ArgumentParser parser("make_faces", "draws synthetic faces and writes them as PNG files",
                        "The faces that train_gan learns from when it is given no data.  Face i of a seed is always the same face: at "
                        "every size, on every machine, however many are drawn.  Another seed gives other faces.");
  parser.add("--n", &options.count, "N", concat("how many faces, up to ", kMaxFaces), in_range<std::int64_t>(1, kMaxFaces));
  parser.add("--size", &options.size, "S",
             concat("pixels on a side, ", kMinFaceSize, " to ", kMaxFaceSize, ", with --grid to ", kMaxGridFaceSize),
             in_range(kMinFaceSize, kMaxFaceSize));
  parser.add("--channels", &options.channels, "C", "3: colour, 1: grey", [](const int& channels) {
    return channels == 1 || channels == 3 ? std::string() : std::string("1 or 3");
  });
  parser.add("--seed", &options.seed, "K", "which faces");
  parser.add("--out", &options.out, "DIR", "folder for face_000000.png, face_000001.png, ...; made where it is missing");
  parser.add("--grid", &options.grid, "FILE", concat("also write the first ", kGridFaces, " faces as one picture, a .png or .jpg file"));
  parser.add("--force", &options.force,
             "replace FILE where it exists, and write into a DIR that is not empty; files of the same name are replaced, others stay");
  parser.example("./tools/make_faces --n 1000 --out faces", "a thousand faces at 64x64");
  parser.example("./tools/make_faces --n 64 --size 128 --seed 2 --out more --grid more.png",
                 "larger ones of another seed, and a picture of all");
  if (!parser.parse(argc, argv)) return 0;
  if (options.out.empty()) fail(ErrorKind::usage, "--out is missing: name the folder to write to, as in --out faces");
  if (!options.grid.empty() && options.size > kMaxGridFaceSize) {
    fail(ErrorKind::usage, "--grid with --size ", options.size, ": a picture of many faces takes sizes up to ", kMaxGridFaceSize);
  }

  require_picture_name("--grid", options.grid);
  if (!options.grid.empty()) require_free_output("--grid", options.grid, options.force);
  const FolderLock lock = claim_output_folder(options.out, options.force);
  write_faces(options);
  if (!options.grid.empty()) {
    const ImageSet shown = synthetic_faces(options.seed, 0, std::min(options.count, kGridFaces), options.size, options.channels);
    write_picture(options.grid, image_grid(shown, shown.count(), kGridColumns), existing_output(options.force));
  }
  say(stdout, options.count, " faces of ", options.size, "x", options.size, " in ", options.out);
  return 0;
}

}  // namespace
}  // namespace pbgen

int main(int argc, char** argv) {
  return pbgen::run_tool("make_faces", [&] { return pbgen::run(argc, argv); });
}
