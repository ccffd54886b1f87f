// swd_eval REAL FAKE: the sliced Wasserstein distance of two sets of images, beside its noise floor.
#include <chrono>
#include <cstdio>
#include <optional>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "data/folder/image_folder.h"
#include "data/formats/image_io.h"
#include "gan/sampler.h"
#include "metrics/laplacian_pyramid.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/exit.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/progress.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/images/score.h"
#include "tools/lib/images/scored_images.h"
#include "tools/lib/images/set_remarks.h"

namespace pbgen {
namespace {

// Shows jobs whose length is known when they begin.
class ProgressOf {
 public:
  explicit ProgressOf(const char* what) : what_(what) {}
  void operator()(std::int64_t done, std::int64_t total) {
    if (!progress_) progress_.emplace(what_, total);
    progress_->update(done);
    if (done < total) return;
    progress_->finish();
    progress_.reset();
  }

 private:
  const char* what_;
  std::optional<Progress> progress_;
};

int run(int argc, char** argv) {
  ScoredImagesOptions images_options;
  ScoreOptions score_options;
  std::string crop;
  bool celeba = false;
  std::string on_bad = "1%";
  bool json = false;
  int threads = thread_count();

  ArgumentParser parser("swd_eval", "the sliced Wasserstein distance (SWD) of two sets of images",
                        concat("A set is a folder of images (", kImageExtensions, "; turned as their EXIF orientation says), a cache file "
                               "that training wrote, or `synthetic[:SEED]`: faces drawn by this program.\nThe definition is that of Karras "
                               "et al. 2018: 128 patches of 7x7 an image and 4 x 128 directions on each level of a Laplacian pyramid down "
                               "to 16x16. SWD depends on the number of images and is not 0 for two sets of the same kind: the noise floor, "
                               "the distance of two disjoint halves of REAL, stands beside a comparison at the same number."));
  parser.positional("REAL", &images_options.real, "the images that a generator is to imitate").path().suggest({"synthetic"});
  parser.positional("FAKE", &images_options.fake,
                    "images that were generated, taken as they are; or a checkpoint, a run's folder or an exported model, which draws as "
                    "many images as are compared")
      .path()
      .suggest({"synthetic"});
  parser.section("Preparing REAL, as in training (where FAKE is of a run, its config.json says how, and a flag here wins)");
  parser.add("--celeba", &celeba, "the crop for CelebA's aligned faces: --crop 108x108+35+55");
  parser.add("--crop", &crop, "CROP", "WxH+X+Y or center:S: what is kept of each picture before it is resized");
  parser.add("--size", &images_options.size, "S", "side to compare at: 16, 32, 64, 128, ...; a FAKE of another size is resized too",
             [](const int& size) {
               const bool fits = pyramid_levels(size) > 0 && size <= kMaxImageSide;
               return fits ? std::string() : concat("16 * 2^k up to ", kMaxImageSide, ": 16, 32, 64, ..");
             })
      .default_text("FAKE's");
  parser.add("--channels", &images_options.channels, "C", "3: colour, 1: grey",
             [](const int& channels) { return channels == 1 || channels == 3 ? std::string() : std::string("1 or 3"); })
      .default_text("3, or those of a cache or of FAKE's run");
  parser.add("--on-bad", &on_bad, "RULE",
             "unreadable files of either folder: 1% stops where more than 1% are bad, skip goes on, fail stops",
             one_of({"1%", "skip", "fail"}));
  parser.section("Measuring");
  parser.add("--bn-calibrate", &images_options.bn_calibrate, "N",
             "of a checkpoint: replace the moving statistics by exact ones over N batches of 64; 0: off", in_range(0, 10000))
      .default_text(concat(kCalibrationBatches));
  parser.add("--num-images", &images_options.num_images, "N", "images of each set, drawn by the seed",
             in_range<std::int64_t>(1, kMostScoredImages))
      .default_text("all of the smaller set, at most 16384");
  parser.add("--repeats", &images_options.repeats, "R", "independent repetitions: mean and standard deviation (sd) are given",
             in_range(1, 1000));
  parser.add("--seed", &images_options.seed, "SEED", "decides every draw");
  parser.add("--threads", &threads, "N", "threads; the result does not depend on them", in_range(1, 1024))
      .default_text("what the machine grants");
  parser.add("--json", &json, "one JSON object on stdout, raw figures, each with its spread beside it (NAME_sd; null for one repetition)");
  parser.example("./tools/swd_eval CELEBA samples --celeba", "CelebA against generated images");
  parser.example("./tools/swd_eval synthetic faces.pbgen --num-images 1000", "a model that export wrote");
  parser.example("./tools/swd_eval synthetic samples --repeats 5", "with the spread of the measurement");
  if (!parser.parse(argc, argv)) return 0;

  if (celeba && !crop.empty()) fail(ErrorKind::usage, "--celeba and --crop ", crop, ": give one of them");
  if (celeba) images_options.crop = kCelebaCrop;
  if (!crop.empty()) images_options.crop = parse_crop(crop);
  images_options.on_bad = parse_on_bad(on_bad);
  set_thread_count(threads);

  ProgressOf reading("reading");
  images_options.progress = [&](std::int64_t done, std::int64_t total) {
    require_reader();
    reading(done, total);
  };
  const ScoredImages images = load_scored_images(images_options);
  for (const std::string& note : images.notes) say(stderr, tool_name("swd_eval"), ": ", note);

  score_options.repeats = images_options.repeats;
  score_options.swd.seed = images_options.seed;
  score_options.num_images = images.num_images;
  ProgressOf comparing("comparing");
  score_options.progress = [&](int done, int total) {
    require_reader();
    comparing(done, total);
  };
  const auto begin = std::chrono::steady_clock::now();
  const ScoreReport report = score_with_floor(image_source(images.real), image_source(images.fake), score_options);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  const std::string real_name = "REAL " + images_options.real;
  const std::string fake_name = "FAKE " + images_options.fake;
  std::vector<std::string> remarks = blind_spots(report.swd, real_name, fake_name);
  for (std::string& remark : set_remarks(images.real, real_name, images.fake, fake_name)) remarks.push_back(std::move(remark));
  if (json) {
    Json object = score_json(report);
    Json all = Json::array();
    for (const std::string& remark : remarks) all.push_back(remark);
    object.set("remarks", std::move(all));
    std::printf("%s\n", object.text(2).c_str());
  } else {
    say(stdout, "SWD of ", images_options.real, " and ", images_options.fake, ", ", images.real.size(), "x", images.real.size(), ", ",
        report.swd.num_images, " images each (floor: halves of ", report.floor.num_images, "), seed ", images_options.seed, ", ",
        score_options.repeats, score_options.repeats == 1 ? " repeat, " : " repeats, ", fixed_text(seconds, 1), " s");
    std::printf("%s\n\n%s", kScoreWords, printed_table(score_table(report)).c_str());
    for (const std::string& remark : remarks) say(stdout, "Beware: ", remark);
  }
  return 0;
}

}  // namespace
}  // namespace pbgen

int main(int argc, char** argv) {
  return pbgen::run_tool("swd_eval", [&] { return pbgen::run(argc, argv); });
}
