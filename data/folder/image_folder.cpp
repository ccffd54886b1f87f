#include "data/folder/image_folder.h"

#include <algorithm>
#include <new>
#include <optional>
#include <vector>

#include "core/base/check.h"
#include "core/base/option_error.h"
#include "core/files/regular_file.h"
#include "data/folder/bad_files.h"
#include "data/folder/source_files.h"
#include "data/formats/image_io.h"
#include "data/resize.h"

namespace pbgen {
namespace {

constexpr std::int64_t kFilesAtATime = 128;

Image cropped(const Image& source, int left, int top, int width, int height) {
  Image result = Image::black(width, height, source.channels);
  for (int y = 0; y < height; ++y)
    std::copy_n(source.row(top + y) + static_cast<std::int64_t>(left) * source.channels, result.row_bytes(), result.row(y));
  return result;
}

Image crop_image(const Image& source, const Crop& crop) {
  int width = crop.width;
  int height = crop.height;
  int left = crop.left;
  int top = crop.top;
  if (crop.kind != Crop::Kind::rectangle) {
    width = height = crop.kind == Crop::Kind::centre ? crop.width : std::min(source.width, source.height);
    left = (source.width - width) / 2;
    top = (source.height - height) / 2;
  }
  // Subtractions, because a sum of large user values might overflow.
  if (width > source.width || height > source.height || left > source.width - width || top > source.height - height)
    fail(ErrorKind::data, source.width, "x", source.height, " pixels: the crop ", to_string(crop), " does not fit");
  return cropped(source, left, top, width, height);
}

// Grey to RGB by repetition, RGB to grey by the luma of Rec. 601 with 16-bit weights.
Image with_channels(Image source, int channels) {
  if (source.channels == channels) return source;
  Image result = Image::black(source.width, source.height, channels);
  const std::size_t pixels = static_cast<std::size_t>(source.width) * source.height;
  for (std::size_t i = 0; i < pixels; ++i) {
    if (channels == 3) {
      std::fill_n(&result.pixels[3 * i], 3, source.pixels[i]);
    } else {
      const std::uint8_t* const rgb = &source.pixels[3 * i];
      result.pixels[i] = static_cast<std::uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 32768) >> 16);
    }
  }
  return result;
}

// As scipy's bytescale does: one minimum and maximum for all channels; a picture without contrast becomes black.
void stretch_contrast(Image& image) {
  const auto [low, high] = std::minmax_element(image.pixels.begin(), image.pixels.end());
  const int minimum = *low;
  const int range = *high - minimum;
  for (std::uint8_t& value : image.pixels)
    value = static_cast<std::uint8_t>(range == 0 ? 0 : ((value - minimum) * 255 * 2 + range) / (2 * range));
}

struct PreparedFile {
  DecodedImage decoded;  // the prepared picture, and what its file was
  std::string reason;    // not empty: the file is bad
  std::optional<std::uint64_t> checksum;  // of its bytes, where they can be read
};

std::string without_prefix(const std::string& text, const std::string& prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

// Reads the file's bytes.  Returns "", or why the file is bad.  A disk that fails is no fault of the file's: Error(input_output), so that
// which images there are does not depend on it.
std::string read_picture(const std::string& path, std::vector<std::uint8_t>& bytes) {
  std::optional<RegularFile> file;
  try {
    file.emplace(path);
  } catch (const Error& error) {
    return without_prefix(error.what(), path + ": ");
  }
  if (file->size() > kMaxImageFileBytes) return concat(file->size(), " bytes, at most ", kMaxImageFileBytes, " are read");
  bytes.resize(static_cast<std::size_t>(file->size()));
  if (file->read(0, bytes) < file->size()) return "became shorter while it was read";
  return "";
}

PreparedFile prepare_file(const std::string& folder, const SourceFile& file, const FolderOptions& options, int size) {
  PreparedFile result;
  const std::string path = folder + "/" + file.path;
  std::vector<std::uint8_t> bytes;
  if (result.reason = read_picture(path, bytes); !result.reason.empty()) return result;
  result.checksum = checksum_of(bytes);
  try {
    result.decoded = decode_image(bytes);
    result.decoded.image = prepare_image(result.decoded.image, options, size);
  } catch (const std::bad_alloc&) {
    // No fault of the file's: which images there are must not depend on the memory that happens to be free.
    fail_naming_options(ErrorKind::input_output, path, ": not enough memory to decode it: use fewer ", OptionName{"threads"},
                        ", or allow more (ulimit -v, the container's limit)");
  } catch (const std::exception& error) {
    result.reason = without_prefix(error.what(), path + ": ");
  }
  if (!result.reason.empty()) result.decoded = {};
  return result;
}

void count(const DecodedImage& decoded, FolderReport& report) {
  report.grey += decoded.was_grey;
  report.alpha += decoded.had_alpha;
  report.sixteen_bit += decoded.was_16_bit;
  report.turned += decoded.orientation != 1;
}

}  // namespace

Image prepare_image(const Image& source, const FolderOptions& options, int size) {
  check(options.channels == 1 || options.channels == 3, "channels is ", options.channels, ", expected 1 or 3");
  Image image = with_channels(crop_image(source, options.crop), options.channels);
  if (options.contrast_stretch) stretch_contrast(image);
  return size == 0 ? image : resize_triangle(image, size, size);
}

const char* name(OnBad on_bad) { return on_bad == OnBad::one_percent ? "1%" : on_bad == OnBad::skip ? "skip" : "fail"; }

OnBad parse_on_bad(const std::string& text) {
  for (const OnBad on_bad : {OnBad::one_percent, OnBad::skip, OnBad::fail})
    if (text == name(on_bad)) return on_bad;
  throw InvalidOption("on_bad", text, "1%, skip or fail");
}

int resolve_size(const FolderListing& listing, const FolderOptions& options) {
  check(options.size >= 0 && options.size <= kMaxImageSide, "size is ", options.size, ", expected 0..", kMaxImageSide);
  if (options.size > 0) return options.size;
  std::vector<BadFile> bad = listing.bad;
  for (const SourceFile& file : listing.files) {
    const PreparedFile prepared = prepare_file(options.folder, file, options, 0);
    const Image& image = prepared.decoded.image;
    if (!prepared.reason.empty()) {
      bad.push_back({file.path, prepared.reason});
      continue;
    }
    if (image.width != image.height)
      fail_naming_options(ErrorKind::data, options.folder, ": the crop ", to_string(options.crop), " is no square; give ",
                          OptionName{"size"});
    return image.width;
  }
  fail(ErrorKind::data, options.folder, ": no file can be used: ", bad.empty() ? "there is none" : name_bad_files(bad));
}

void judge_bad_files(const FolderReport& report, const FolderOptions& options) {
  const auto bad = static_cast<std::int64_t>(report.bad.size());
  if (bad == 0 || options.on_bad == OnBad::skip) return;
  if (options.on_bad == OnBad::fail)
    fail_naming_options(ErrorKind::data, options.folder, "/", report.bad.front().path, ": ", report.bad.front().reason,
                        "; mend or remove it, or choose ", OptionName{"on_bad"}, " skip");
  if (bad * 100 <= report.files) return;
  fail_naming_options(ErrorKind::data, options.folder, ": ", bad, " or more of ", report.files, " files are bad, which is more than 1%: ",
                      name_bad_files(report.bad), "; mend or remove them, or choose ", OptionName{"on_bad"}, " skip");
}

FolderReport decode_images(const FolderListing& listing, const FolderOptions& options, int size,
                           FunctionRef<void(std::span<const std::uint8_t>)> sink, const LoadProgress& progress) {
  const auto files = static_cast<std::int64_t>(listing.files.size());
  FolderReport report;
  report.files = files + static_cast<std::int64_t>(listing.bad.size());
  report.bad = listing.bad;
  ContentChecksum content;
  judge_bad_files(report, options);
  if (progress) progress(0, files);
  for (std::int64_t begin = 0; begin < files; begin += kFilesAtATime) {
    std::vector<PreparedFile> prepared(static_cast<std::size_t>(std::min(kFilesAtATime, files - begin)));
    const auto number = static_cast<std::int64_t>(prepared.size());
    parallel_items(number, [&](std::int64_t i) {
      prepared[static_cast<std::size_t>(i)] =
          prepare_file(options.folder, listing.files[static_cast<std::size_t>(begin + i)], options, options.size);
    });
    for (std::int64_t i = 0; i < number; ++i) {
      const PreparedFile& file = prepared[static_cast<std::size_t>(i)];
      const std::string& path = listing.files[static_cast<std::size_t>(begin + i)].path;
      content.add(file.checksum);
      if (!file.reason.empty()) {
        report.bad.push_back({path, file.reason});
        judge_bad_files(report, options);
        continue;
      }
      const Image& image = file.decoded.image;
      if (image.width != size || image.height != size)
        fail_naming_options(ErrorKind::data, options.folder, "/", path, ": ", image.width, "x", image.height, " pixels, others have ", size,
                            "x", size, "; give ", OptionName{"size"}, " to resize them all");
      count(file.decoded, report);
      sink(image.pixels);
    }
    if (progress) progress(begin + number, files);
  }
  report.content = content.value();
  return report;
}

}  // namespace pbgen
