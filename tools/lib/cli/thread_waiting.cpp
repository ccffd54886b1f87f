#include "tools/lib/cli/thread_waiting.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cpu.h"

namespace pbgen {
namespace {

// That a process has begun once more.
constexpr const char* kBegunAgain = "PBGEN_WAITS_ARE_SHORT";
constexpr const char* kGnuTurns = "GOMP_SPINCOUNT";
constexpr const char* kTurns = "300";
constexpr const char* kLlvmMilliseconds = "KMP_BLOCKTIME";

// clang++ links LLVM's runtime.
#ifdef __clang__
constexpr bool kIsLlvm = true;
#else
constexpr bool kIsLlvm = false;
#endif

bool is_set(const char* name) { return std::getenv(name) != nullptr; }

bool user_has_chosen() {
  const char* const threads = std::getenv("OMP_NUM_THREADS");
  return is_set("OMP_WAIT_POLICY") || is_set(kGnuTurns) || is_set(kLlvmMilliseconds) || is_set("KMP_LIBRARY") ||
         (threads != nullptr && std::string_view(threads) == "1");
}

// The arguments of this process; each closed by a zero byte, as the kernel has them.
std::string arguments_as_one() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Returns only where the system refuses.
void begin_again() {
  std::string path(4096, '\0');
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0 || static_cast<std::size_t>(length) == path.size()) return;
  path.resize(static_cast<std::size_t>(length));
  std::string all = arguments_as_one();
  std::vector<char*> arguments;
  for (std::size_t at = 0; at < all.size(); at = all.find('\0', at) + 1) arguments.push_back(&all[at]);
  if (arguments.empty() || all.back() != '\0') return;
  arguments.push_back(nullptr);
  ::execv(path.c_str(), arguments.data());
}

}  // namespace

void make_waits_short() {
  if (!built_with_openmp()) return;
  if (is_set(kBegunAgain)) {  // the runtime has read what it needs
    ::unsetenv(kBegunAgain);
    ::unsetenv(kGnuTurns);
    return;
  }
  if (user_has_chosen()) return;
  if (kIsLlvm) {  // it reads this when it first shares work, and turns for a moment all the same
    ::setenv(kLlvmMilliseconds, "0", 1);
    return;
  }
  ::setenv(kGnuTurns, kTurns, 1);
  ::setenv(kBegunAgain, "1", 1);
  begin_again();
  ::unsetenv(kBegunAgain);
  ::unsetenv(kGnuTurns);
}

}  // namespace pbgen
