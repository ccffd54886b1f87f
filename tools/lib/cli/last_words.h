// The end of a tool where nothing of it is left to throw an error to.
#pragma once

namespace pbgen {

// What to say where memory has run out, a tool's name and a colon before it.
inline constexpr const char* kOutOfMemory =
    "out of memory: use a smaller --batch, smaller images, fewer of them or fewer --threads, or allow more (ulimit -v, the container's "
    "limit)";

// From now on until it is taken back, these two end with one of our lines and exit code 6 as well: an exception for want of memory or
// of a thread that cannot be thrown on (std::terminate), and a library that ends the process itself (exit), as OpenMP's does where
// the system grants it neither.
class LastWords {
 public:
  explicit LastWords(const char* tool);
  ~LastWords();
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;
};

}  // namespace pbgen
