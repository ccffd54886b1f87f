// What is no regular file is refused by its kind, with what helps where its bytes can be had.
#include "core/files/regular_file.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "core/base/check.h"
#include "tests/support/image_files.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

std::string refusal_of(const std::string& path) {
  return refusal(ErrorKind::input_output, [&] { RegularFile file(path); });
}

TEST(RegularFile, RefusesOtherKindsByName) {
  const TestFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(refusal_of(folder / "pipe"), folder / "pipe: is a pipe, a regular file is wanted; write its bytes to a file first");
  EXPECT_EQ(refusal_of("/dev/null"), "/dev/null: is a device, a regular file is wanted; write its bytes to a file first");
  EXPECT_EQ(refusal_of(folder.path()), folder.path() + ": is a folder, a regular file is wanted");
  EXPECT_EQ(refusal_of(folder / "missing"), folder / "missing: cannot open (No such file or directory)");
}

TEST(RegularFile, RefusesASocket) {
  const TestFolder folder;
  const std::string before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());  // a socket's path has at most 107 bytes
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  address.sun_path[0] = 's';
  const int bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const std::string reason = refusal_of("s");
  ::close(socket);
  std::filesystem::current_path(before);
  ASSERT_EQ(bound, 0);
  EXPECT_EQ(reason, "s: is a socket, a regular file is wanted; write its bytes to a file first");
}

TEST(RegularFile, ReadsFromAnyPlaceUpToItsEnd) {
  const TestFolder folder;
  write_bytes(folder / "file", {1, 2, 3, 4, 5});
  const RegularFile file(folder / "file");
  Bytes bytes(3, 9);
  EXPECT_EQ(file.read(1, bytes), 3);
  EXPECT_EQ(bytes, (Bytes{2, 3, 4}));
  EXPECT_EQ(file.read(4, bytes), 1);
  EXPECT_EQ(bytes, (Bytes{5, 3, 4}));
  EXPECT_EQ(file.read(7, bytes), 0);
}

}  // namespace
}  // namespace pbgen
