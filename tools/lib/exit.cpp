#include "tools/lib/exit.h"

#include <cstdio>
#include <exception>
#include <new>
#include <system_error>

#include "core/check.h"
#include "core/cpu.h"
#include "tools/lib/thread_waiting.h"

namespace pbgen {

int run_tool(const char* name, FunctionRef<int()> body) {
  make_waits_short();
  if (!machine_supports(Isa::avx2))
    std::fprintf(stderr, "%s: this processor has no AVX2 and FMA: the reference path computes, to the same accuracy but much slower\n", name);
  try {
    static_cast<void>(isa());  // a wrong PBGEN_ISA is refused before anything is done
    return body();
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return static_cast<int>(error.kind());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: out of memory: use a smaller batch, smaller images or fewer of them\n", name);
    return static_cast<int>(ErrorKind::input_output);
  } catch (const std::system_error& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return static_cast<int>(ErrorKind::input_output);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: internal error, please report it: %s\n", name, error.what());
    return 1;
  }
}

}  // namespace pbgen
