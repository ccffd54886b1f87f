#include "tools/lib/cli/last_words.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <system_error>

#include "core/base/check.h"

namespace pbgen {
namespace {

const char* tool_name = nullptr;  // null: no tool runs
std::terminate_handler terminate_before = nullptr;

[[noreturn]] void end(const char* what) {
  std::fprintf(stderr, "%s: %s\n", tool_name, what);
  _exit(static_cast<int>(ErrorKind::input_output));
}

[[noreturn]] void on_terminate() {
  if (const std::exception_ptr exception = std::current_exception(); exception && tool_name != nullptr) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::bad_alloc&) {
      end(kOutOfMemory);
    } catch (const std::system_error& error) {
      end(error.what());
    } catch (...) {
    }
  }
  terminate_before();
  std::abort();
}

void on_exit_of_a_library() {
  if (tool_name != nullptr)
    end("the system grants no more memory or threads: use --threads 1, or allow more (ulimit -v, ulimit -u, the container's limits)");
}

}  // namespace

LastWords::LastWords(const char* tool) {
  tool_name = tool;
  terminate_before = std::set_terminate(on_terminate);
  static const bool registered = std::atexit(on_exit_of_a_library) == 0;
  static_cast<void>(registered);
}

LastWords::~LastWords() {
  std::set_terminate(terminate_before);
  tool_name = nullptr;
}

}  // namespace pbgen
