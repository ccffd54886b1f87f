#include "core/files/file_kind.h"

#include <algorithm>
#include <array>

#include "core/base/check.h"

namespace pbgen {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kText = "text";
constexpr std::string_view kJson = "JSON";
constexpr std::string_view kEmpty = "empty";
constexpr std::string_view kUnknown = "of no known kind";

struct Mark {
  std::size_t at;
  std::string_view bytes;
  std::string_view kind;
};

// The first that fits counts.
constexpr std::array kMarks{
    Mark{0, "\xff\xd8\xff"sv, "a JPEG picture"},
    Mark{0, "\x89PNG\r\n\x1a\n"sv, "a PNG picture"},
    Mark{0, "GIF87a"sv, "a GIF picture"},
    Mark{0, "GIF89a"sv, "a GIF picture"},
    Mark{8, "WEBP"sv, "a WebP picture"},
    Mark{0, "II*\0"sv, "a TIFF picture, or a camera's raw picture"},
    Mark{0, "MM\0*"sv, "a TIFF picture, or a camera's raw picture"},
    Mark{0, "II+\0"sv, "a TIFF picture"},
    Mark{0, "MM\0+"sv, "a TIFF picture"},
    Mark{4, "ftypheic"sv, "a HEIC picture"},
    Mark{4, "ftypheix"sv, "a HEIC picture"},
    Mark{4, "ftypmif1"sv, "a HEIF picture"},
    Mark{4, "ftypmsf1"sv, "a HEIF picture"},
    Mark{4, "ftypavif"sv, "an AVIF picture"},
    Mark{4, "ftypavis"sv, "an AVIF picture"},
    Mark{4, "ftyp"sv, "a video (MP4)"},
    Mark{0, "\0\0\0\x0cJXL "sv, "a JPEG XL picture"},
    Mark{0, "\xff\x0a"sv, "a JPEG XL picture"},
    Mark{0, "\0\0\0\x0cjP  "sv, "a JPEG 2000 picture"},
    Mark{0, "\xff\x4f\xff\x51"sv, "a JPEG 2000 picture"},
    Mark{0, "8BPS"sv, "a Photoshop picture"},
    Mark{0, "\0\0\x01\0"sv, "an icon (ICO)"},
    Mark{0, "v/1\x01"sv, "an OpenEXR picture"},
    Mark{0, "#?RADIANCE"sv, "a Radiance HDR picture"},
    Mark{0, "qoif"sv, "a QOI picture"},
    Mark{0, "DDS "sv, "a DDS texture"},
    Mark{0, "PBGENIMG"sv, "an image cache"},
    Mark{0, "PBGENSRC"sv, "the stamp of an image cache"},
    Mark{0, "\x93NUMPY"sv, "a numpy array (.npy)"},
    Mark{0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file"},
    Mark{0, "GGUF"sv, "a GGUF model"},
    Mark{0, "\x1f\x8b"sv, "a gzip archive"},
    Mark{0, "BZh"sv, "a bzip2 archive"},
    Mark{0, "\xfd\x37zXZ"sv, "an xz archive"},
    Mark{0, "\x28\xb5\x2f\xfd"sv, "a zstd archive"},
    Mark{0, "7z\xbc\xaf\x27\x1c"sv, "a 7z archive"},
    Mark{0, "Rar!"sv, "a RAR archive"},
    Mark{257, "ustar"sv, "a tar archive"},
    Mark{0, "%PDF"sv, "a PDF document"},
    Mark{0, "\x7f" "ELF"sv, "a program (ELF)"},
    Mark{0, "SQLite format 3"sv, "an SQLite database"},
    Mark{0, "version https://git-lfs"sv, "a Git LFS pointer, in place of the file itself (git lfs pull fetches it)"},
};

bool has(std::string_view bytes, const Mark& mark) {
  return bytes.size() >= mark.at + mark.bytes.size() && bytes.substr(mark.at, mark.bytes.size()) == mark.bytes;
}

bool contains(std::string_view bytes, std::string_view part) { return bytes.find(part) != bytes.npos; }

// Formats that zip their parts tell them by the first names.
std::string_view zip_kind(std::string_view bytes) {
  if (contains(bytes, "pbgen-generator-expanded")) return "an exported generator's plain weights (npz)";
  if (contains(bytes, ".npy")) return "an archive of numpy arrays (.npz)";
  if (contains(bytes, "data.pkl")) return "a PyTorch file (.pt)";
  return "a zip archive";
}

// Eight bytes of length, then JSON, of which the metadata come first in the files that this program writes.
std::string_view format_of(std::string_view bytes) {
  constexpr std::string_view kKey = "\"format\":\"";
  const std::size_t key = bytes.find(kKey);
  if (key == bytes.npos) return "";
  const std::string_view value = bytes.substr(key + kKey.size());
  return value.substr(0, value.find('"'));
}

std::string_view text_kind(std::string_view bytes) {
  const std::string_view space = " \t\r\n";
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  const std::size_t first = bytes.find_first_not_of(space);
  if (first == bytes.npos) return kEmpty;
  bytes.remove_prefix(first);
  std::string lower(bytes.substr(0, 16));
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower.starts_with("<!doctype html") || lower.starts_with("<html")) return "an HTML page";
  if (lower.starts_with("<svg")) return "an SVG picture";
  if (lower.starts_with("<?xml")) return "XML";
  if (lower.starts_with("#!")) return "a script";
  if (lower.starts_with('{') || lower.starts_with('[')) return kJson;
  const bool pnm = lower.size() > 2 && lower[0] == 'p' && lower[1] >= '1' && lower[1] <= '7' && contains(space, lower.substr(2, 1));
  return pnm ? "a PNM picture"sv : kText;
}

bool is_text(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7f || (byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f');
  });
}

}  // namespace

std::string_view safetensors_kind(std::string_view format) {
  if (format == "pbgen-checkpoint") return "a training checkpoint";
  if (format == "pbgen-generator") return "an exported model";
  if (format == "pbgen-generator-expanded") return "an exported generator's plain weights (safetensors)";
  return "a safetensors file of another program";
}

std::string_view file_kind(std::string_view bytes) {
  bytes = bytes.substr(0, kKindBytes);
  if (bytes.empty()) return kEmpty;
  if (bytes.starts_with("PK\x03\x04")) return zip_kind(bytes);
  // Before the marks: its first bytes are a length, which may look like anything.
  if (bytes.size() > 8 && bytes[8] == '{' && bytes.substr(5, 3) == "\0\0\0"sv) return safetensors_kind(format_of(bytes));
  for (const Mark& mark : kMarks)
    if (has(bytes, mark)) return mark.kind;
  if (bytes.size() > 14 && bytes.starts_with("BM") && !is_text(bytes)) return "a BMP picture";
  if (bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5) return "a Python pickle (an older PyTorch file is one)";
  const bool binary_pnm = bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '4' && bytes[1] <= '7' && bytes[2] <= ' ' && bytes[2] > 0;
  if (binary_pnm) return "a PNM picture";
  return is_text(bytes) ? text_kind(bytes) : kUnknown;
}

std::string_view file_kind(std::span<const std::uint8_t> bytes) {
  return file_kind(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string wrong_kind(std::string_view beginning, std::string_view wanted) {
  return concat("is ", file_kind(beginning), ", not ", wanted);
}

std::string wrong_kind(std::span<const std::uint8_t> beginning, std::string_view wanted) {
  return concat("is ", file_kind(beginning), ", not ", wanted);
}

bool is_known_kind(std::span<const std::uint8_t> beginning) { return file_kind(beginning) != kUnknown; }

bool is_surely_no_text(std::string_view beginning) {
  const std::string_view kind = file_kind(beginning);
  return kind != kText && kind != kJson && kind != kEmpty && kind != kUnknown;
}

}  // namespace pbgen
