// What this program is and how it was built.
#pragma once

#include <string>
#include <string_view>

namespace pbgen {

// What `git describe --always --dirty` said when it was built; empty outside a checkout.
std::string build_commit();

// The day of that commit, year-month-day; empty where none is known.
std::string build_date();

// The compiler's own first line, such as "g++ (Debian 12.2.0-14+deb12u1) 12.2.0".
std::string build_compiler();

// The compiler and its flags, those of the leaves apart.
std::string build_flags();

// What --version prints: the program, version and commit, then the kernels in force, then the compiler; a line each.
// Error(usage) where PBGEN_ISA asks for kernels that are not there.
std::string version_text(std::string_view program);

}  // namespace pbgen
