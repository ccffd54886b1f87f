// Another program that runs beside this one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/files/descriptor.h"

namespace pbgen {

// How a child ended: by exiting with a code, or by a signal; the other one is -1.
struct ChildEnd {
  int exit_code = -1;
  int signal = -1;
};

// A file that a child's output is appended to, and for whose life it is locked (flock): by this object until it goes, and by the
// child that was given it until it ends, even where we end before it.
class LockedOutput {
 public:
  // Error(usage) where it is locked, with the process that writes to it if that is known; Error(input_output) where it cannot be opened,
  // is no regular file, or where the file system keeps no locks.
  explicit LockedOutput(const std::string& path);
  // The same; nothing where it is locked.
  static std::optional<LockedOutput> unless_taken(const std::string& path);
  // Whether a process holds the lock of that file, on whichever machine; false where there is no such file.
  static bool is_taken(const std::string& path);

  int descriptor() const { return file_.get(); }
  // Bytes that are there by now.
  std::int64_t size() const;

 private:
  explicit LockedOutput(Descriptor file) : file_(std::move(file)) {}

  Descriptor file_;
};

// The child has a process group of its own: a terminal's Ctrl-C reaches it only where we pass it on, so it comes once.  It is
// neither waited for nor ended where this object goes.
class ChildProcess {
 public:
  // arguments: without the program's name.  environment: "NAME=value", each set unless this process has that name already.
  // The child's stdout and stderr are appended to `output`, its stdin is empty.
  // Error(input_output) with the mend where the program is missing, or the system refuses.
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
               const LockedOutput& output);

  // Nothing while it runs; not to be called again once it told the end.
  std::optional<ChildEnd> poll() const;
  void send(int signal) const;

 private:
  pid_t pid_ = -1;
};

// The path of one of our tools: beside the running one, by the name that it has there.
std::string sibling_tool(const std::string& name);

}  // namespace pbgen
