// .npz files: every byte as the formats' descriptions say, and what numpy reads where it is installed.
#include "core/files/npz.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "tests/support/image_files.h"
#include "tests/support/tool_run.h"
#include "tests/support/zip_members.h"

namespace pbgen {
namespace {

const std::vector<float> kSix = {0.0f, -1.5f, 3.25f, 1e-38f, -2e30f, 6.0f};

// The bytes of a .npy file: the header's text is filled with spaces up to a multiple of 64 bytes.
Bytes npy(const std::string& header, const Bytes& values) {
  std::string text = header;
  while ((10 + text.size() + 1) % 64 != 0) text += ' ';
  text += '\n';
  std::string head = "\x93NUMPY\x01";
  for (const char byte : {'\0', static_cast<char>(text.size()), '\0'}) head += byte;
  Bytes bytes = bytes_of(head + text);
  bytes.insert(bytes.end(), values.begin(), values.end());
  return bytes;
}

Bytes raw(const std::vector<float>& values) {
  Bytes bytes(4 * values.size());
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

NpzWriter some_arrays() {
  NpzWriter writer;
  writer.add_text("format", "words");
  writer.add("a.weight", {2, 3}, kSix);
  writer.add("b", {6}, kSix);
  writer.add("c", {1, 1, 2, 3}, kSix);
  writer.add("d", {}, std::span(kSix).first(1));
  return writer;
}

ErrorKind kind_of(const NpzWriter& writer) {
  try {
    writer.file_bytes();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("safetensors"), std::string::npos) << error.what();
    return error.kind();
  }
  ADD_FAILURE() << "not refused";
  return ErrorKind::data;
}

TEST(Npz, HoldsEveryArrayAsANpyFile) {
  const std::vector<ZipMember> members = zip_members(some_arrays().finish());
  ASSERT_EQ(members.size(), 5u);
  EXPECT_EQ(members[0].name, "format.npy");
  EXPECT_EQ(members[0].bytes, npy("{'descr': '|S5', 'fortran_order': False, 'shape': (), }", bytes_of("words")));
  EXPECT_EQ(members[1].name, "a.weight.npy");
  EXPECT_EQ(members[1].bytes, npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", raw(kSix)));
  EXPECT_EQ(members[2].name, "b.npy");
  EXPECT_EQ(members[2].bytes, npy("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", raw(kSix)));
  EXPECT_EQ(members[3].bytes, npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2, 3), }", raw(kSix)));
  EXPECT_EQ(members[4].bytes, npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", raw({kSix[0]})));
}

TEST(Npz, MembersBeginAtAMultipleOf64WhateverTheirNames) {
  for (std::size_t length = 1; length <= 130; ++length) {
    NpzWriter writer;
    writer.add(std::string(length, 'x'), {1}, std::span(kSix).first(1));
    writer.add("y", {5}, std::span(kSix).first(5));
    const Bytes file = writer.finish();
    EXPECT_EQ(writer.file_bytes(), std::ssize(file));
    for (const ZipMember& member : zip_members(file)) EXPECT_EQ(member.begin % 64, 0u) << length << " " << member.name;
  }
}

TEST(Npz, TakesPlainNamesOfUpTo256Bytes) {
  NpzWriter writer;
  writer.add("a.B-9_z", {1}, std::span(kSix).first(1));
  writer.add(std::string(256, 'n'), {1}, std::span(kSix).first(1));
  for (const std::string& name : {std::string(), std::string("a/b"), std::string("a b"), std::string(257, 'n')})
    EXPECT_THROW(writer.add(name, {1}, std::span(kSix).first(1)), std::logic_error) << name;
}

TEST(Npz, ItsSizeIsKnownWithoutValues) {
  NpzWriter declared;
  declared.add_text("format", "words");
  declared.declare("a.weight", {2, 3});
  declared.declare("b", {6});
  declared.declare("c", {1, 1, 2, 3});
  declared.declare("d", {});
  EXPECT_EQ(declared.file_bytes(), std::ssize(some_arrays().finish()));
  EXPECT_THROW(declared.finish(), std::logic_error);
}

TEST(Npz, WritesTheSameBytesEveryTime) {
  const TestFolder folder;
  some_arrays().write(folder / "new/arrays.npz");
  EXPECT_EQ(read_file(folder / "new/arrays.npz", 1 << 20), some_arrays().finish());
}

TEST(Npz, RefusesWhatZipFilesCannotHold) {
  constexpr std::int64_t kLargest = 0xfffffffe;
  NpzWriter fits;
  fits.declare("x", {(kLargest - 1024) / 4});
  EXPECT_LE(fits.file_bytes(), kLargest);
  NpzWriter member;
  member.declare("x", {kLargest / 4});
  EXPECT_EQ(kind_of(member), ErrorKind::usage);
  NpzWriter together;
  together.declare("x", {kLargest / 8});
  together.declare("y", {kLargest / 8});
  EXPECT_EQ(kind_of(together), ErrorKind::usage);
  const TestFolder folder;
  EXPECT_THROW(together.write(folder / "large.npz"), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Npz, RefusesWhatIsNoArray) {
  NpzWriter writer;
  writer.declare("x", {2});
  EXPECT_THROW(writer.declare("x", {2}), std::logic_error);
  EXPECT_THROW(writer.declare("", {2}), std::logic_error);
  EXPECT_THROW(writer.declare("../x", {2}), std::logic_error);
  EXPECT_THROW(writer.declare(std::string(300, 'x'), {2}), std::logic_error);
  EXPECT_THROW(writer.declare("negative", {-1}), std::logic_error);
  EXPECT_THROW(writer.declare("overflows", {std::int64_t{1} << 40, std::int64_t{1} << 40}), std::logic_error);
  EXPECT_THROW(writer.add("short", {7}, kSix), std::logic_error);
  EXPECT_THROW(writer.add_text("empty", ""), std::logic_error);
}

TEST(Npz, NumpyReadsIt) {
  if (!python_has("numpy")) GTEST_SKIP() << "there is no python3 with numpy";
  const TestFolder folder;
  some_arrays().write(folder / "arrays.npz");
  const std::string script =
      "import sys, zipfile, numpy\n"
      "assert zipfile.ZipFile(sys.argv[1]).testzip() is None\n"
      "file = numpy.load(sys.argv[1])\n"
      "print(file['format'].item().decode(), *file.files)\n"
      "for name in file.files[1:]:\n"
      "    array = file[name]\n"
      "    assert array.dtype == numpy.float32 and array.flags.c_contiguous\n"
      "    print(array.shape, *map(float, array.ravel()))\n";
  const ToolRun run = run_tool_at("/usr/bin/env", {"python3", "-c", script, folder / "arrays.npz"}, folder.path());
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::string six = " 0.0 -1.5 3.25 9.999999350456404e-39 -2.0000000300949324e+30 6.0\n";
  EXPECT_EQ(run.out, "words format a.weight b c d\n(2, 3)" + six + "(6,)" + six + "(1, 1, 2, 3)" + six + "() 0.0\n");
}

}  // namespace
}  // namespace pbgen
