// The Makefile gives this object alone what changes from commit to commit.
#include "tools/lib/cli/version.h"

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "tools/lib/cli/version_number.h"

#ifndef PBGEN_COMMIT
#define PBGEN_COMMIT ""
#endif
#ifndef PBGEN_DATE
#define PBGEN_DATE ""
#endif
#ifndef PBGEN_COMPILER
#define PBGEN_COMPILER "compiler unknown"
#endif
#ifndef PBGEN_BUILD_FLAGS
#define PBGEN_BUILD_FLAGS "flags unknown"
#endif

namespace pbgen {

std::string build_commit() { return PBGEN_COMMIT; }

std::string build_date() { return PBGEN_DATE; }

std::string build_compiler() { return PBGEN_COMPILER; }

std::string build_flags() { return concat(PBGEN_COMPILER, ": ", PBGEN_BUILD_FLAGS); }

std::string version_text(std::string_view program) {
  const std::string commit = build_commit();
  return concat(program, " ", kVersion, commit.empty() ? "" : concat(" (", commit, ")"), "\nkernels: ", name(isa()),
                built_with_openmp() ? "" : ", one thread", "\ncompiler: ", build_compiler(), "\n");
}

}  // namespace pbgen
