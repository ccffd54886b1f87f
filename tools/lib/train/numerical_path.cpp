#include "tools/lib/train/numerical_path.h"

#include <cstdlib>

#include "core/base/check.h"
#include "core/gemm/isa_rule.h"

namespace pbgen {
namespace {

// The flag that asks for the best path that the machine has.
std::string best_flag(FunctionRef<bool(Isa)> supports) {
  Isa best = Isa::ref;
  for (const Isa isa : kIsas)
    if (supports(isa)) best = isa;
  return concat("--isa ", name(best));
}

}  // namespace

std::optional<Isa> isa_of_environment() {
  const char* const text = std::getenv("PBGEN_ISA");
  return text == nullptr ? std::nullopt : isa_named(text);
}

Isa chosen_isa(const IsaWishes& wishes) {
  return chosen_isa(wishes, [](Isa isa) { return machine_supports(isa); }, [] { return isa_by_rule(measure_one_thread()); });
}

Isa chosen_isa(const IsaWishes& wishes, FunctionRef<bool(Isa)> supports, FunctionRef<Isa()> rule) {
  if (wishes.flag) {
    const std::optional<Isa> asked = wishes.flag->path;
    if (asked && !supports(*asked))
      fail(ErrorKind::usage, "--isa ", name(*asked), ": this processor has no such instructions; take ", best_flag(supports));
    return asked ? *asked : wishes.variable ? *wishes.variable : rule();
  }
  if (wishes.recorded) {
    const Isa recorded = *wishes.recorded;
    if (wishes.variable && *wishes.variable != recorded)
      fail(ErrorKind::usage, wishes.recorded_in, ": is of the ", name(recorded), " path, PBGEN_ISA asks for ", name(*wishes.variable),
           "; unset PBGEN_ISA, or change the path and with it the rounding knowingly: --isa ", name(*wishes.variable));
    if (!supports(recorded))
      fail(ErrorKind::usage, wishes.recorded_in, ": is of the ", name(recorded),
           " path, whose instructions this processor lacks; to change the path and with it the rounding knowingly: ", best_flag(supports));
    return recorded;
  }
  if (wishes.variable) return *wishes.variable;
  if (wishes.older) return supports(Isa::avx2) ? Isa::avx2 : Isa::ref;
  return rule();
}

Isa isa_of_new_runs() {
  IsaWishes wishes;
  wishes.variable = isa_of_environment();
  return chosen_isa(wishes);
}

std::string former_paths(const std::string& former, std::optional<Isa> before, Isa now, std::int64_t iteration) {
  if (!before || *before == now) return former;
  return concat(former, former.empty() ? "" : ", ", name(*before), " to iteration ", iteration);
}

std::string path_text(const RunConfig& config, const std::string& former) {
  return concat(name(isa()), " kernels", former.empty() ? "" : concat(" (before: ", former, ")"), ", --conv ", name(config.conv));
}

}  // namespace pbgen
