// Errors: what may go wrong, in whose terms, and how it is said.
//
// A caller's mistake (a wrong shape, an impossible option) is a failed check(): std::logic_error with both values.
// The environment's mistake (a file, a format, a number that diverged) is an Error with a kind.  Nothing here
// prints or exits; only tools/ turn a kind into an exit code.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace pbgen {

// The values are the exit codes of the tools.
enum class ErrorKind { usage = 2, data = 3, model_file = 4, diverged = 5, input_output = 6 };

// One line: the file or value, the rule it broke, the mend.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// Writes all parts one after the other, as operator<< shows them.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return std::move(text).str();
}

template <class... Parts>
[[noreturn]] void fail(ErrorKind kind, const Parts&... parts) {
  throw Error(kind, concat(parts...));
}

// Throws std::logic_error with the concatenated parts unless the condition holds.  Call it before a parallel region, not
// inside one: there it costs time, and what others were to write is not whole (core/base/parallel.h).
template <class... Parts>
void check(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]] throw std::logic_error(concat(parts...));
}

template <class A, class B>
void check_equal(const A& actual, const B& expected, const char* what) {
  check(actual == expected, what, " is ", actual, ", expected ", expected);
}

}  // namespace pbgen
