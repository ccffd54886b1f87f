// The version of everything, in this place alone; .github/RELEASES.md says what each brought, and `make help` names it.
#pragma once

namespace pbgen {

inline constexpr char kVersion[] = "0.2.0";

}  // namespace pbgen
