// How wide lines may be: of a terminal, a file, and where the environment says it.
#include "tools/lib/cli/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

namespace pbgen {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// Puts COLUMNS back as it was.
class Columns {
 public:
  explicit Columns(const char* value) {
    if (const char* old = std::getenv("COLUMNS"); old != nullptr) old_ = old;
    if (value == nullptr) ::unsetenv("COLUMNS");
    else ::setenv("COLUMNS", value, 1);
  }
  Columns(const Columns&) = delete;
  Columns& operator=(const Columns&) = delete;
  ~Columns() {
    if (old_) ::setenv("COLUMNS", old_->c_str(), 1);
    else ::unsetenv("COLUMNS");
  }

 private:
  std::optional<std::string> old_;
};

TEST(Terminal, TellsItsColumns) {
  const Columns unset(nullptr);
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) GTEST_SKIP() << "this machine gives no pseudo-terminal";
  const File keeps_it_open(::fdopen(master, "r+"));
  winsize size = {};
  size.ws_col = 97;
  ASSERT_EQ(::ioctl(master, TIOCSWINSZ, &size), 0);
  const File terminal(std::fopen(::ptsname(master), "r+"));
  ASSERT_NE(terminal, nullptr);
  EXPECT_EQ(line_columns(terminal.get()), 97);
  const Columns forty("40");
  EXPECT_EQ(line_columns(terminal.get()), 40);
}

TEST(Terminal, AFileHasAnyWidthUnlessTheEnvironmentSaysOne) {
  const File file(std::tmpfile());
  ASSERT_NE(file, nullptr);
  const Columns unset(nullptr);
  EXPECT_EQ(line_columns(file.get()), std::nullopt);
  EXPECT_FALSE(can_rewrite_lines(file.get()));
  const Columns sixty("60");
  EXPECT_EQ(line_columns(file.get()), 60);
  for (const char* text : {"", "0", "-5", "60x", "x", "99999999999999999999"}) {
    const Columns columns(text);
    EXPECT_EQ(line_columns(file.get()), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace pbgen
