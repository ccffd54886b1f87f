// Another program that runs beside this one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace pbgen {

// How a child ended: by exiting with a code, or by a signal; the other one is -1.
struct ChildEnd {
  int exit_code = -1;
  int signal = -1;
};

// The child has a process group of its own: a terminal's Ctrl-C reaches it only where we pass it on, so it comes once.  It is
// neither waited for nor ended where this object goes.
class ChildProcess {
 public:
  // arguments: without the program's name.  environment: "NAME=value", each set unless this process has that name already.
  // The child's stdout and stderr are appended to the file `output`, its stdin is empty.  `output` stays locked (flock) for as long
  // as the child lives, even where we end before it.
  // Error(usage) where `output` is locked: such a child runs already.  Error(input_output) with the mend where the
  // program is missing, or the system refuses.
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
               const std::string& output);

  // Nothing while it runs; not to be called again once it told the end.
  std::optional<ChildEnd> poll() const;
  void send(int signal) const;

 private:
  pid_t pid_ = -1;
};

// The path of one of our tools: beside the running one.
std::string sibling_tool(const std::string& name);

}  // namespace pbgen
