// What is said of a file that is not what was wanted.
#include "core/files/file_kind.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/files/json.h"
#include "core/files/npz.h"
#include "core/files/safetensors.h"
#include "data/folder/cache_stamp.h"
#include "data/folder/image_cache.h"
#include "data/formats/image_io.h"
#include "tests/support/image_files.h"
#include "tests/support/tool_run.h"

namespace pbgen {
namespace {

using namespace std::string_literals;

TEST(FileKind, IsToldByTheFirstBytes) {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"", "empty"},
      {" \n", "empty"},
      {"\xff\xd8\xff\xe0\0\x10JFIF"s, "a JPEG picture"},
      {"GIF87a", "a GIF picture"},
      {"GIF89a", "a GIF picture"},
      {"RIFF\x10\0\0\0WEBPVP8 "s, "a WebP picture"},
      {"II*\0\x08\0\0\0"s, "a TIFF picture, or a camera's raw picture"},
      {"MM\0*\0\0\0\x08"s, "a TIFF picture, or a camera's raw picture"},
      {"II+\0\x08\0\0\0"s, "a TIFF picture"},
      {"MM\0+\0\x08\0\0"s, "a TIFF picture"},
      {"v/1\x01\2\0\0\0channels"s, "an OpenEXR picture"},
      {"\0\0\0\x18" "ftypheic"s, "a HEIC picture"},
      {"\0\0\0\x18" "ftypheix"s, "a HEIC picture"},
      {"\0\0\0\x18" "ftypmif1"s, "a HEIF picture"},
      {"\0\0\0\x18" "ftypmsf1"s, "a HEIF picture"},
      {"\0\0\0\x18" "ftypavif"s, "an AVIF picture"},
      {"\0\0\0\x18" "ftypavis"s, "an AVIF picture"},
      {"\0\0\0\x18" "ftypisom"s, "a video (MP4)"},
      {"\0\0\0\x0cJXL \r\n"s, "a JPEG XL picture"},
      {"\xff\x0a\0\x10"s, "a JPEG XL picture"},
      {"\0\0\0\x0cjP  \r\n"s, "a JPEG 2000 picture"},
      {"\xff\x4f\xff\x51\0"s, "a JPEG 2000 picture"},
      {"8BPS\0\x01"s, "a Photoshop picture"},
      {"\0\0\x01\0\x01\0"s, "an icon (ICO)"},
      {"#?RADIANCE\n", "a Radiance HDR picture"},
      {"qoif\0\0\0\x01"s, "a QOI picture"},
      {"DDS |\0\0\0"s, "a DDS texture"},
      {"\x93NUMPY\x01\0"s, "a numpy array (.npy)"},
      {"\x89HDF\r\n\x1a\n\0"s, "an HDF5 file"},
      {"GGUF\3\0\0\0"s, "a GGUF model"},
      {"BM\x36\x30\0\0\0\0\0\0\x36\0\0\0\x28"s, "a BMP picture"},
      {"P6\n2 2\n255\n\0\0\0"s, "a PNM picture"},
      {"P3\n2 2\n255\n1 2 3\n", "a PNM picture"},
      {"PK\x03\x04\x14\0\0\0archive/data.pkl"s, "a PyTorch file (.pt)"},
      {"PK\x03\x04\x14\0\0\0x.npy"s, "an archive of numpy arrays (.npz)"},
      {"PK\x03\x04\x14\0\0\0readme.txt"s, "a zip archive"},
      {"\x80\x02\x8a\x0al\xfc"s, "a Python pickle (an older PyTorch file is one)"},
      {"\x80\x05\x95\0"s, "a Python pickle (an older PyTorch file is one)"},
      {"\x80\x06\x95\0"s, "of no known kind"},
      {"\x1f\x8b\x08\0"s, "a gzip archive"},
      {"BZh91AY", "a bzip2 archive"},
      {"\xfd\x37zXZ\0"s, "an xz archive"},
      {"\x28\xb5\x2f\xfd\x04"s, "a zstd archive"},
      {"7z\xbc\xaf\x27\x1c\0"s, "a 7z archive"},
      {"Rar!\x1a\x07"s, "a RAR archive"},
      {std::string(257, 'n') + "ustar", "a tar archive"},
      {"%PDF-1.7", "a PDF document"},
      {"\x7f" "ELF\x02"s, "a program (ELF)"},
      {"SQLite format 3\0"s, "an SQLite database"},
      {"<svg xmlns", "an SVG picture"},
      {"<?xml version", "XML"},
      {"#!/bin/sh\n", "a script"},
      {"{\"layers\": []}", "JSON"},
      {"\xef\xbb\xbf [1]", "JSON"},
      {"<!DOCTYPE html><html>", "an HTML page"},
      {"<HTML>", "an HTML page"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:1",
       "a Git LFS pointer, in place of the file itself (git lfs pull fetches it)"},
      {"Permission denied", "text"},
      {"\xff\0\x01\x02"s, "of no known kind"},
  };
  for (const auto& [bytes, kind] : kinds) EXPECT_EQ(file_kind(bytes), kind) << kind;
}

TEST(FileKind, KnowsWhatThisProgramWrites) {
  const TestFolder folder;
  write_png(folder / "a.png", Image::black(2, 2, 3));
  EXPECT_EQ(file_kind(read_file(folder / "a.png", 10000)), "a PNG picture");
  ImageCacheWriter cache(folder / "a.pixels", 1, 1, 1);
  cache.append(Bytes{1});
  cache.finish({});
  EXPECT_EQ(file_kind(read_file(folder / "a.pixels", 10000)), "an image cache");
  write_cache_stamp(folder / "a.stamp", {});
  EXPECT_EQ(file_kind(read_file(folder / "a.stamp", 10000)), "the stamp of an image cache");
  for (const auto& [format, kind] : {std::pair("pbgen-checkpoint", "a training checkpoint"),
                                     std::pair("pbgen-generator", "an exported model"),
                                     std::pair("other", "a safetensors file of another program")}) {
    SafetensorsWriter writer;
    writer.add_metadata("format", format);
    EXPECT_EQ(file_kind(writer.finish()), kind);
  }
}

TEST(FileKind, NoPrefixOfAnyFileIsTooShortToAsk) {
  const Bytes zip = bytes_of("PK\x03\x04\x14 data.pkl");
  for (std::size_t n = 0; n <= zip.size(); ++n) EXPECT_FALSE(file_kind(std::span(zip).first(n)).empty());
}

// Every path that a tool reads is given a picture, an archive, a page and text in place of what it takes.
TEST(FileKind, EveryReaderSaysWhatAFileIsAndWhatWasWanted) {
  const TestFolder folder;
  const std::string file = folder / "given";
  const std::vector<std::pair<Bytes, std::string>> given = {
      {bytes_of("\xff\xd8\xff\xe0\x01\x10JFIF, and so on, for a while"), "a JPEG picture"},
      {make_png({}), "a PNG picture"},
      {bytes_of("PK\x03\x04\x14\x01 archive/data.pkl"), "a PyTorch file (.pt)"},
      {bytes_of("<!DOCTYPE html><html><body>Not found</body></html>"), "an HTML page"},
  };
  struct Reader {
    std::string tool;
    std::vector<std::string> arguments;
    std::string wanted;
    int exit_code;
  };
  const std::vector<Reader> readers = {
      {"generate", {file, "--grid", folder / "grid.png"}, "a safetensors file", 4},
      {"export", {file, "--out", folder / "model"}, "a safetensors file", 4},
      {"swd_eval", {file, "synthetic"}, "an image cache", 3},
      {"swd_eval", {"synthetic", file}, "an image cache", 3},
      {"train_gan", {"--resume", file}, "a safetensors file", 4},
      {"train_gan", {"--init-from", file, "--out", folder / "run", "--synthetic-images", "64", "--size", "16", "--batch", "8"},
       "a safetensors file", 4},
      {"train_gan", {"--config", file}, "JSON", 2},
      {"plan", {"--config", file}, "JSON", 2},
      {"plan", {"--layers", file}, "JSON", 3},
  };
  for (const Reader& reader : readers) {
    const std::optional<std::string> tool = tool_path(reader.tool);
    if (!tool) GTEST_SKIP() << "PBGEN_TOOLS names no folder that holds " << reader.tool << "; `make test` sets it";
    for (const auto& [bytes, kind] : given) {
      write_bytes(file, bytes);
      const ToolRun run = run_tool_at(*tool, reader.arguments, folder.path());
      EXPECT_EQ(run.exit_code, reader.exit_code) << reader.tool << " " << kind << "\n" << run.err;
      EXPECT_NE(run.err.find(concat("given: is ", kind, ", not ", reader.wanted)), std::string::npos) << reader.tool << "\n" << run.err;
    }
  }
}

}  // namespace
}  // namespace pbgen
