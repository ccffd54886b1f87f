// Whether a text has a part: of messages and pages, for tests.
#pragma once

#include <string_view>

namespace pbgen {

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace pbgen
