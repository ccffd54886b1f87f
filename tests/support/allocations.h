// How much memory a piece of code takes: counts what the program that this is linked into has from malloc, operator new and mmap.
// Needs the linker's --wrap (Makefile, counted_link_flags); what shared libraries allocate by other ways than
// operator new is not seen.
#pragma once

#include <cstdint>

namespace pbgen {

// Bytes that are held now, and the most that were since the last begin_peak(), by all threads.
std::int64_t allocated_bytes();
std::int64_t peak_bytes();
void begin_peak();
// Blocks had so far, by all threads.
std::int64_t allocation_count();

// The most that `body` holds at once, beside what was held before.
template <class Body>
std::int64_t peak_of(Body&& body) {
  const std::int64_t before = allocated_bytes();
  begin_peak();
  body();
  return peak_bytes() - before;
}

}  // namespace pbgen
