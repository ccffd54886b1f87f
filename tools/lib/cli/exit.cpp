#include "tools/lib/cli/exit.h"

#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/thread.h"
#include "tools/lib/cli/flag_names.h"
#include "tools/lib/cli/interrupt.h"
#include "tools/lib/cli/last_words.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/signals.h"
#include "tools/lib/cli/standard_streams.h"
#include "tools/lib/cli/thread_waiting.h"

namespace pbgen {
namespace {

struct ReaderGone {};
struct Stopped {
  int signal;
};

int exit_code_of(const char* name, FunctionRef<int()> body) {
  if (!machine_supports(Isa::avx2))
    say(stderr, name, ": this processor has no AVX2 and FMA: the reference path computes, to the same accuracy but much slower");
  try {
    static_cast<void>(isa());  // a wrong PBGEN_ISA is refused before anything is done
    return body();
  } catch (const Error& error) {
    say(stderr, name, ": ", told(error));
    return static_cast<int>(error.kind());
  } catch (const ReaderGone&) {
    return static_cast<int>(ErrorKind::input_output);
  } catch (const Stopped& stopped) {
    return 128 + stopped.signal;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: %s\n", name, kOutOfMemory);
    return static_cast<int>(ErrorKind::input_output);
  } catch (const std::system_error& error) {
    say(stderr, name, ": ", error.what());
    return static_cast<int>(ErrorKind::input_output);
  } catch (const std::exception& error) {
    say(stderr, name, ": internal error, please report it: ", error.what());
    return 1;
  }
}

}  // namespace

int run_tool(const char* tool, FunctionRef<int()> body) {
  open_standard_streams();
  const std::string called = tool_name(tool);
  const char* const name = called.c_str();
  const LastWords last_words(name);
  make_waits_short();
  prepare_signals();
  spare_address_space();
  const int code = exit_code_of(name, body);
  const OutputEnd output = finish_output();
  if (output.how == Output::written) return code;
  if (output.how == Output::lost)
    std::fprintf(stderr, "%s: stdout cannot be written%s, and what was printed is lost; is the disk full, or the output closed?\n", name,
                 output.reason != 0 ? concat(" (", std::strerror(output.reason), ")").c_str() : "");
  return code != 0 ? code : static_cast<int>(ErrorKind::input_output);
}

void require_reader() {
  if (reader_has_gone()) throw ReaderGone();
}

void require_unstopped() {
  if (const int signal = InterruptGuard::signal_received(); signal != 0) throw Stopped{signal};
}

}  // namespace pbgen
