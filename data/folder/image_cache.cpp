#include "data/folder/image_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "core/files/file_kind.h"
#include "data/folder/fingerprint.h"
#include "data/formats/image_io.h"

namespace pbgen {
namespace {

constexpr std::string_view kMagic = "PBGENIMG";
constexpr std::uint64_t kFormatVersion = 3;  // 1 had other checksums, 2 neither turned pictures nor the content
// Raised whenever the same files and options come out as other pixels than before.
constexpr std::uint64_t kDecoderVersion = 2;
constexpr std::size_t kHeaderBytes = 128;
constexpr const char* kExtension = ".pixels";

// The numbers behind the magic, in the file's order.
struct Header {
  std::uint64_t version = kFormatVersion;
  std::uint64_t key = 0;
  std::uint64_t count = 0;
  std::uint64_t size = 0;
  std::uint64_t channels = 0;
  std::uint64_t pixel_bytes = 0;
  std::uint64_t report_bytes = 0;
  std::uint64_t report_checksum = 0;
  std::uint64_t files = 0;
  std::uint64_t grey = 0;
  std::uint64_t alpha = 0;
  std::uint64_t sixteen_bit = 0;
  std::uint64_t turned = 0;
  std::uint64_t content = 0;

  template <class Self, class Visit>
  static void visit(Self& h, Visit visit_number) {
    for (auto* number : {&h.version, &h.key, &h.count, &h.size, &h.channels, &h.pixel_bytes, &h.report_bytes, &h.report_checksum, &h.files,
                         &h.grey, &h.alpha, &h.sixteen_bit, &h.turned, &h.content})
      visit_number(*number);
  }
};

std::array<std::uint8_t, kHeaderBytes> encode(const Header& header) {
  std::array<std::uint8_t, kHeaderBytes> bytes = {};
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  std::uint8_t* at = bytes.data() + kMagic.size();
  Header::visit(header, [&at](std::uint64_t number) {
    store_number(number, at);
    at += 8;
  });
  store_number(checksum_of(std::span(bytes).first(kHeaderBytes - 8)), at);
  return bytes;
}

// bytes: the whole file.
Header decode(const std::string& path, std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kMagic.size() || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin()))
    fail(ErrorKind::data, path, ": ", wrong_kind(bytes, "an image cache"));
  if (bytes.size() < kHeaderBytes) fail(ErrorKind::data, path, ": broken image cache: ", bytes.size(), " bytes are less than a header");
  // Before the checksum, which another version may take otherwise.
  if (const std::uint64_t version = load_number(bytes.data() + kMagic.size()); version != kFormatVersion)
    fail(ErrorKind::data, path, ": image cache of version ", version, ", this program reads ", kFormatVersion);
  if (load_number(bytes.data() + kHeaderBytes - 8) != checksum_of(bytes.first(kHeaderBytes - 8)))
    fail(ErrorKind::data, path, ": broken image cache: the header's checksum is wrong");
  Header header;
  const std::uint8_t* at = bytes.data() + kMagic.size();
  Header::visit(header, [&at](std::uint64_t& number) {
    number = load_number(at);
    at += 8;
  });
  const bool sides_are_legal = header.size >= 1 && header.size <= kMaxImageSide && (header.channels == 1 || header.channels == 3);
  const std::uint64_t image_bytes = header.size * header.size * header.channels;
  if (!sides_are_legal || header.count < 1 || header.count > bytes.size() / image_bytes || header.pixel_bytes != header.count * image_bytes)
    fail(ErrorKind::data, path, ": broken image cache: ", header.count, " images of ", header.size, "x", header.size, "x", header.channels,
         " do not make ", header.pixel_bytes, " bytes");
  // pixel_bytes is at most the file's size here, so that nothing overflows.
  const std::uint64_t behind_header = bytes.size() - kHeaderBytes;
  if (header.pixel_bytes > behind_header || header.report_bytes != behind_header - header.pixel_bytes)
    fail(ErrorKind::data, path, ": broken image cache: ", bytes.size(), " bytes, ", kHeaderBytes, " + ", header.pixel_bytes, " + ",
         header.report_bytes, " expected");
  return header;
}

std::vector<std::uint8_t> encode_bad_files(const std::vector<BadFile>& bad) {
  std::vector<std::uint8_t> bytes;
  for (const BadFile& file : bad)
    for (const std::string* text : {&file.path, &file.reason}) {
      bytes.insert(bytes.end(), text->begin(), text->end());
      bytes.push_back(0);
    }
  return bytes;
}

std::vector<BadFile> decode_bad_files(std::span<const std::uint8_t> bytes) {
  std::vector<std::string> texts(1);
  for (const std::uint8_t byte : bytes) {
    if (byte == 0) {
      texts.emplace_back();
    } else {
      texts.back().push_back(static_cast<char>(byte));
    }
  }
  std::vector<BadFile> bad;
  for (std::size_t i = 0; i + 2 < texts.size(); i += 2) bad.push_back({std::move(texts[i]), std::move(texts[i + 1])});
  return bad;
}

// A file mapped for reading; the descriptor is closed at once, the mapping lives on.
std::shared_ptr<const std::uint8_t> map_file(const std::string& path, std::size_t& size) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail(ErrorKind::input_output, path, ": cannot open (", std::strerror(errno), ")");
  struct stat status = {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
  void* const memory =
      regular ? ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0) : MAP_FAILED;
  const int reason = errno;
  ::close(descriptor);
  if (!regular) fail(ErrorKind::data, path, ": no image cache: it is empty or no regular file");
  if (memory == MAP_FAILED) fail(ErrorKind::input_output, path, ": cannot map (", std::strerror(reason), ")");
  size = static_cast<std::size_t>(status.st_size);
  return {static_cast<const std::uint8_t*>(memory), [size](const std::uint8_t* p) { ::munmap(const_cast<std::uint8_t*>(p), size); }};
}

// What decides about pixels.
void add_options(Fingerprint& fingerprint, const FolderOptions& options) {
  for (const std::int64_t number : {options.size, options.channels, static_cast<int>(options.contrast_stretch)})
    fingerprint.add(static_cast<std::uint64_t>(number));
  fingerprint.add(to_string(options.crop));
}

}  // namespace

ImageCache open_image_cache(const std::string& path) {
  std::size_t size = 0;
  const std::shared_ptr<const std::uint8_t> file = map_file(path, size);
  const Header header = decode(path, {file.get(), size});
  const std::span<const std::uint8_t> bad_files(file.get() + kHeaderBytes + header.pixel_bytes, header.report_bytes);
  if (checksum_of(bad_files) != header.report_checksum)
    fail(ErrorKind::data, path, ": broken image cache: the report's checksum is wrong");
  ImageCache cache;
  cache.key = header.key;
  cache.images = ImageSet(file, file.get() + kHeaderBytes, static_cast<std::int64_t>(header.count), static_cast<int>(header.size),
                          static_cast<int>(header.channels));
  cache.report = {static_cast<std::int64_t>(header.files),       static_cast<std::int64_t>(header.grey),
                  static_cast<std::int64_t>(header.alpha),       static_cast<std::int64_t>(header.sixteen_bit),
                  static_cast<std::int64_t>(header.turned),      header.content,
                  decode_bad_files(bad_files)};
  return cache;
}

ImageCacheWriter::ImageCacheWriter(const std::string& path, std::uint64_t key, int size, int channels,
                                   const std::function<void()>& waiting)
    : file_(path, Existing::replace, waiting), key_(key), size_(size), channels_(channels) {
  file_.append(std::array<std::uint8_t, kHeaderBytes>{});
}

void ImageCacheWriter::append(std::span<const std::uint8_t> pixels) {
  check_equal(static_cast<std::int64_t>(pixels.size()), static_cast<std::int64_t>(size_) * size_ * channels_, "bytes of a cached image");
  file_.append(pixels);
  ++count_;
}

void ImageCacheWriter::finish(const FolderReport& report) {
  const std::vector<std::uint8_t> bad_files = encode_bad_files(report.bad);
  Header header;
  header.key = key_;
  header.count = static_cast<std::uint64_t>(count_);
  header.size = static_cast<std::uint64_t>(size_);
  header.channels = static_cast<std::uint64_t>(channels_);
  header.pixel_bytes = header.count * header.size * header.size * header.channels;
  header.report_bytes = bad_files.size();
  header.report_checksum = checksum_of(bad_files);
  header.files = static_cast<std::uint64_t>(report.files);
  header.grey = static_cast<std::uint64_t>(report.grey);
  header.alpha = static_cast<std::uint64_t>(report.alpha);
  header.sixteen_bit = static_cast<std::uint64_t>(report.sixteen_bit);
  header.turned = static_cast<std::uint64_t>(report.turned);
  header.content = report.content;
  file_.append(bad_files);
  file_.overwrite(0, encode(header));
  file_.commit();
}

std::uint64_t image_cache_key(const FolderListing& listing, const FolderOptions& options) {
  Fingerprint fingerprint;
  fingerprint.add(kDecoderVersion);
  add_options(fingerprint, options);
  for (const SourceFile& file : listing.files) {
    fingerprint.add(file.path);
    fingerprint.add(static_cast<std::uint64_t>(file.bytes));
  }
  for (const BadFile& file : listing.bad) fingerprint.add(file.path);
  return fingerprint.value();
}

std::string image_cache_path(const std::string& cache_folder, const FolderOptions& options) {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::canonical(options.folder, error);
  if (error) folder = options.folder;
  Fingerprint fingerprint;
  fingerprint.add(folder.string());
  add_options(fingerprint, options);
  std::array<char, 17> digits = {};
  for (int i = 0; i < 16; ++i) digits[static_cast<std::size_t>(i)] = "0123456789abcdef"[fingerprint.value() >> (60 - 4 * i) & 15];
  return concat(cache_folder, "/", folder.filename().string(), "-", options.size, "x", options.channels, "-", digits.data(), kExtension);
}

std::string cache_stamp_path(const std::string& cache_folder, const FolderOptions& options) {
  return image_cache_path(cache_folder, options) + ".stamp";
}

std::vector<std::string> cache_files(const std::string& cache_folder) {
  std::vector<std::string> files;
  std::error_code error;
  std::filesystem::directory_iterator entries(cache_folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error))
    if (entries->path().extension() == kExtension) files.push_back(entries->path().string());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace pbgen
