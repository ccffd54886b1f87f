#include "tools/lib/images/scored_images.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "data/faces/synthetic_faces.h"
#include "data/folder/image_cache.h"
#include "data/folder/load_images.h"
#include "data/formats/image_io.h"
#include "gan/latents.h"
#include "gan/sampler.h"
#include "metrics/laplacian_pyramid.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/images/loaded_images.h"
#include "tools/lib/images/score.h"
#include "tools/lib/model/trained_generator.h"
#include "tools/lib/runs/find_checkpoint.h"
#include "tools/lib/runs/run_preparation.h"

namespace pbgen {
namespace {

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();
constexpr int kSyntheticSize = 64;
// FAKE's faces begin here, so that REAL and FAKE of one seed are different faces.
constexpr std::int64_t kFirstFakeFace = std::int64_t{1} << 30;

enum class Kind { folder, cache, synthetic, generator };

// One side of the comparison, before its images are decoded.
struct Side {
  std::string role;  // REAL or FAKE
  std::string name;
  Kind kind = Kind::folder;
  FolderListing listing;
  ImageSet cached;
  std::shared_ptr<TrainedGenerator> generator;
  std::uint64_t face_seed = 0;
  std::int64_t count = kUnlimited;
  int width = 0;  // of its pictures as they are; 0 where they have none of their own
  int height = 0;

  std::string shown() const { return concat(role, " ", name); }
  // Channels that its images have and that nothing can change; 0 where they are converted as wanted.
  int fixed_channels() const {
    return kind == Kind::cache ? cached.channels() : kind == Kind::generator ? generator->config().channels : 0;
  }
  bool is_endless() const { return kind == Kind::synthetic || kind == Kind::generator; }
  std::string dimensions() const { return concat(width, "x", height); }
};

bool is_synthetic(const std::string& name) { return name == "synthetic" || name.starts_with("synthetic:"); }

// The extent of the first picture that can be read, (0, 0) where none can.
void measure_folder(Side& side) {
  for (const SourceFile& file : side.listing.files) {
    try {
      const Image picture = read_image(side.name + "/" + file.path).image;
      side.width = picture.width;
      side.height = picture.height;
      return;
    } catch (const Error&) {
    }
  }
}

Side open_side(std::string role, const std::string& name, std::uint64_t seed) {
  Side side;
  side.role = std::move(role);
  side.name = name;
  std::error_code error;
  if (is_synthetic(name)) {
    side.kind = Kind::synthetic;
    side.face_seed = seed;
    if (name != "synthetic") {
      const std::string expected = parse_value(std::string_view(name).substr(10), side.face_seed);
      if (!expected.empty()) fail(ErrorKind::usage, side.shown(), ": the seed after `synthetic:` is ", expected);
    }
  } else if (begins_as_generator(name) || std::filesystem::is_directory(name + "/checkpoints", error)) {
    if (side.role == "REAL") fail(ErrorKind::usage, side.shown(), ": a trained generator can be FAKE alone");
    side.kind = Kind::generator;
    side.generator = std::make_shared<TrainedGenerator>(named_checkpoint(name));
    side.width = side.height = side.generator->config().size;
  } else if (std::filesystem::is_regular_file(name, error)) {
    side.kind = Kind::cache;
    try {
      side.cached = open_image_cache(name).images;
    } catch (const Error& refusal) {
      fail(refusal.kind(), side.role, " ", refusal.what(), "; a set is a folder of images, an image cache or `synthetic`",
           side.role == "FAKE" ? ", or what a generator draws" : "");
    }
    side.count = side.cached.count();
    side.width = side.height = side.cached.size();
  } else {
    side.listing = list_images(name);
    side.count = static_cast<std::int64_t>(side.listing.files.size());
    measure_folder(side);
    if (side.width == 0) {
      // Nothing can be read: loading says why, with the files and their reasons.
      FolderOptions options;
      options.folder = name;
      options.on_bad = OnBad::skip;
      load_images(options, "", {});
    }
  }
  return side;
}

bool fits(const Crop& crop, const Side& pictures) {
  if (crop.kind == Crop::Kind::largest_square) return true;
  return crop.left + crop.width <= pictures.width && crop.top + crop.height <= pictures.height;
}

// How FAKE's run prepared its pictures, where REAL's can be prepared so.
std::optional<RunPreparation> preparation_for(const Side& real, const Side& fake) {
  if (real.kind != Kind::folder || (fake.kind != Kind::folder && fake.kind != Kind::generator)) return std::nullopt;
  std::optional<RunPreparation> found = run_preparation(fake.name);
  if (!found && fake.kind == Kind::generator) found = parse_run_preparation(fake.generator->run_options(), fake.name);
  // Pictures of another size are of another run, though they lie in its folder.
  if (!found || fake.width != found->size || fake.height != found->size || !fits(found->crop, real)) return std::nullopt;
  return found;
}

int common_size(const Side& real, const Side& fake, const ScoredImagesOptions& options) {
  int size = kSyntheticSize;
  if (options.size > 0) {
    size = options.size;
  } else if (fake.kind != Kind::synthetic) {
    if (fake.width != fake.height) {
      fail(ErrorKind::data, fake.shown(), ": its pictures are ", fake.dimensions(), ", expected squares: add --size 64");
    }
    size = fake.width;
  } else if (real.kind != Kind::synthetic) {
    const bool cropped = options.crop && options.crop->kind != Crop::Kind::largest_square;
    size = cropped ? options.crop->width : std::min(real.width, real.height);
  }
  if (pyramid_levels(size) == 0) {
    fail(ErrorKind::data, "the images to compare are ", size, "x", size, ", SWD needs a side of 16, 32, 64, 128, ..: add --size 64");
  }
  return size;
}

int common_channels(const Side& real, const Side& fake, const ScoredImagesOptions& options) {
  int channels = options.channels;
  for (const Side* side : {&real, &fake}) {
    const int fixed = side->fixed_channels();
    if (fixed == 0) continue;
    if (channels == 0) channels = fixed;
    if (fixed != channels) {
      fail(ErrorKind::data, side->shown(), ": its images have ", fixed, " channels, expected ", channels,
           ": give images that can be read so");
    }
  }
  return channels == 0 ? 3 : channels;
}

void check_real_fits(const Side& real, const Side& fake, const ScoredImagesOptions& options, int size) {
  if (options.crop && real.kind != Kind::folder) {
    fail(ErrorKind::usage, real.shown(), ": --crop and --celeba are for folders, these images are prepared already");
  }
  const bool as_it_is = real.kind == Kind::folder && !options.crop && options.size == 0;
  if (as_it_is && (real.width != size || real.height != size)) {
    const char* const and_fake_is = fake.kind == Kind::synthetic ? ", to be compared at " : ", FAKE is ";
    fail(ErrorKind::data, real.shown(), " is ", real.dimensions(), and_fake_is, size, "x", size,
         ": add --celeba, --crop WxH+X+Y or --size ", size, ", so that REAL is prepared as in training");
  }
  for (const Side* side : {&real, &fake}) {
    if (side->width == size) continue;
    if (side->kind == Kind::cache) {
      fail(ErrorKind::data, side->shown(), " holds images of ", side->dimensions(), ", the comparison is at ", size, "x", size,
           ": a cache cannot be resized, give the folder that it was made from");
    }
    if (side->kind == Kind::generator) {
      fail(ErrorKind::data, side->shown(), " draws images of ", side->dimensions(), ", the comparison is at ", size, "x", size,
           ": leave --size away, or let generate write them into a folder");
    }
  }
}

// A random part of the listing's files, in their order.
FolderListing part_of(const FolderListing& listing, std::int64_t want, std::uint64_t seed, std::uint32_t draw) {
  const CounterRng rng(seed, Stream::subsample, draw);
  std::vector<std::uint32_t> order = random_permutation(rng, static_cast<std::uint32_t>(listing.files.size()));
  order.resize(want);
  std::sort(order.begin(), order.end());
  FolderListing part;
  for (const std::uint32_t number : order) part.files.push_back(listing.files[number]);
  return part;
}

ImageSet load_folder(const Side& side, std::int64_t want, const FolderOptions& folder, const ScoredImagesOptions& options,
                     std::vector<std::string>& notes) {
  const bool all = want >= side.count;
  // Draws 0 and 1 belong to the score; here it is decided what is decoded at all.
  const FolderListing listing = all ? side.listing : part_of(side.listing, want, options.seed, side.role == "REAL" ? 2 : 3);
  if (!all) notes.push_back(concat(side.shown(), ": ", want, " of its ", side.count, " images are read, drawn by seed ", options.seed));
  const int size = resolve_size(listing, folder);
  auto pixels = std::make_shared<std::vector<std::uint8_t>>();
  pixels->reserve(listing.files.size() * size * size * folder.channels);
  const FolderReport report = decode_images(
      listing, folder, size, [&](std::span<const std::uint8_t> image) { pixels->insert(pixels->end(), image.begin(), image.end()); },
      options.progress);
  if (!report.bad.empty()) {
    notes.push_back(concat(side.shown(), ": ", report.bad.size(), " of ", report.files, " files skipped, the first: ", report.bad[0].path,
                           " (", report.bad[0].reason, ")"));
  }
  if (const std::string summary = loading_summary(report, unread_pictures(side.listing)); !summary.empty())
    notes.push_back(concat(side.shown(), summary));
  const std::int64_t count = static_cast<std::int64_t>(pixels->size()) / (static_cast<std::int64_t>(size) * size * folder.channels);
  const std::uint8_t* const begin = pixels->data();
  return ImageSet(std::move(pixels), begin, count, size, folder.channels);
}

// The statistics that a checkpoint's images are normalised by.
void calibrate(const Side& side, const ScoredImagesOptions& options, std::vector<std::string>& notes) {
  if (side.generator->exported()) return;
  const int batches = options.bn_calibrate.value_or(kCalibrationBatches);
  if (batches > 0) side.generator->calibrate(batches, options.seed);
  const std::string exact = concat("exact statistics of ", batches, " batches of ", kCalibrationBatch);
  notes.push_back(concat(side.shown(), ": drawn with ", batches > 0 ? exact : "its moving averages"));
}

ImageSet draw_images(const Side& side, std::int64_t count, const ScoredImagesOptions& options) {
  constexpr std::int64_t kTogether = 256;
  const NetworkConfig& config = side.generator->config();
  const CounterRng rng(options.seed, Stream::generate);
  auto pixels = std::make_shared<std::vector<std::uint8_t>>();
  std::vector<float> z(static_cast<std::size_t>(kTogether * config.z_dim));
  if (options.progress) options.progress(0, count);
  for (std::int64_t first = 0; first < count; first += kTogether) {
    const std::int64_t n = std::min(kTogether, count - first);
    draw_latents(rng, first, n, config.z_dim, z.data());
    const ImageSet images = side.generator->draw(z.data(), n);
    for (std::int64_t i = 0; i < n; ++i) pixels->insert(pixels->end(), images.image(i).begin(), images.image(i).end());
    if (options.progress) options.progress(first + n, count);
  }
  const std::uint8_t* const begin = pixels->data();
  return ImageSet(std::move(pixels), begin, count, config.size, config.channels);
}

// Images of a side that will be in memory: a cache is mapped.
std::int64_t held(const Side& side, std::int64_t images) { return side.kind == Kind::cache ? 0 : images; }

// Before anything is decoded or drawn: asking for more than there is would end in the middle, or end other programs.
void require_memory(std::int64_t images, int size, int channels, std::int64_t num_images) {
  const double needed = static_cast<double>(images) * size * size * channels;
  const double memory = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  if (needed <= memory) return;
  fail(ErrorKind::usage, "--num-images ", num_images, ": ", images, " images of ", size, "x", size, "x", channels, " take ",
       format_bytes(static_cast<std::int64_t>(needed)), ", this machine has ", format_bytes(static_cast<std::int64_t>(memory)),
       ": ask for fewer");
}

ImageSet load_side(const Side& side, std::int64_t want, int size, int channels, const ScoredImagesOptions& options,
                   std::vector<std::string>& notes) {
  if (side.kind == Kind::cache) return side.cached;
  if (side.kind == Kind::generator) {
    calibrate(side, options, notes);
    return draw_images(side, want, options);
  }
  const bool is_real = side.role == "REAL";
  if (side.kind == Kind::synthetic) return synthetic_faces(side.face_seed, is_real ? 0 : kFirstFakeFace, want, size, channels);
  FolderOptions folder;
  folder.folder = side.name;
  folder.on_bad = options.on_bad;
  folder.channels = channels;
  const bool resized = options.size > 0 || (is_real && options.crop);
  folder.size = resized ? size : 0;  // 0: as it is, and all of one size
  if (is_real && options.crop) folder.crop = *options.crop;
  if (is_real) folder.contrast_stretch = options.contrast_stretch;
  if (!is_real && resized && (side.width != size || side.height != size)) {
    notes.push_back(concat(side.shown(), ": resized from ", side.dimensions(), " to ", size, "x", size, ", which hides faults"));
  }
  return load_folder(side, want, folder, options, notes);
}

}  // namespace

ScoredImages load_scored_images(const ScoredImagesOptions& asked) {
  ScoredImagesOptions options = asked;
  ScoredImages images;
  const Side real = open_side("REAL", options.real, options.seed);
  const Side fake = open_side("FAKE", options.fake, options.seed);
  if (const std::optional<RunPreparation> run = preparation_for(real, fake)) {
    if (!options.crop) options.crop = run->crop;
    if (options.channels == 0) options.channels = run->channels;
    options.contrast_stretch = run->contrast_stretch;
    images.notes.push_back(concat(real.shown(), ": prepared as FAKE's run was (", run->source, "): ", preparation_text(*run),
                                  "; what a flag says wins"));
  }
  if (options.bn_calibrate && (fake.kind != Kind::generator || fake.generator->exported()))
    fail(ErrorKind::usage, "--bn-calibrate: ", fake.shown(), " is no checkpoint");
  const int size = common_size(real, fake, options);
  const int channels = common_channels(real, fake, options);
  check_real_fits(real, fake, options, size);

  const std::int64_t smaller = std::min(real.count, fake.count);
  if (options.num_images && *options.num_images > smaller) {
    fail(ErrorKind::usage, "--num-images ", *options.num_images, ": ", (real.count < fake.count ? real : fake).shown(), " has ", smaller);
  }
  const std::int64_t n = options.num_images.value_or(std::min(smaller, kMaxScoredImages));
  // The noise floor wants two halves of n images, and every repeat its own; but only the first is worth more memory than
  // the largest comparison takes.  Synthetic faces and generators have no end of their own.
  const auto wanted = [&](const Side& side, std::int64_t per_repeat) {
    const std::int64_t most = side.is_endless() ? std::max(n, kMaxScoredImages) : side.count;
    return std::min(most, std::max(per_repeat, std::min(per_repeat * options.repeats, kMaxScoredImages)));
  };

  require_memory(held(real, wanted(real, 2 * n)) + held(fake, wanted(fake, n)), size, channels, n);
  images.real = load_side(real, wanted(real, 2 * n), size, channels, options, images.notes);
  images.fake = load_side(fake, wanted(fake, n), size, channels, options, images.notes);
  images.num_images = std::min({n, images.real.count(), images.fake.count()});
  if (images.num_images < images.real.count() || images.num_images < images.fake.count()) {
    images.notes.push_back(concat(images.num_images, " images of each set are compared (REAL ", images.real.count(), ", FAKE ",
                                  images.fake.count(), "), drawn by seed ", options.seed));
  }
  if (images.fake.count() == 0) fail(ErrorKind::data, fake.shown(), ": no usable image");
  if (images.real.count() < 2) fail(ErrorKind::data, real.shown(), ": ", images.real.count(), " image, the noise floor needs at least 2");
  return images;
}

}  // namespace pbgen
