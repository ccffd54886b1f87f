// The one-image runtime's paths, for tests.
#pragma once

#include <vector>

#include "gan/edge/generator.h"
#include "gan/edge/pbgen.h"

namespace pbgen {

inline constexpr edge::Path kEdgePaths[] = {edge::Path::portable, edge::Path::avx2, edge::Path::neon,
                                              edge::Path::avx512};

inline const char* name(edge::Path path) {
  switch (path) {
    case edge::Path::avx2: return "avx2";
    case edge::Path::neon: return "neon";
    case edge::Path::avx512: return "avx512";
    default: return "portable";
  }
}
// As pbgen.h numbers it.
inline int code_of(edge::Path path) {
  switch (path) {
    case edge::Path::avx2: return PBGEN_PATH_AVX2;
    case edge::Path::neon: return PBGEN_PATH_NEON;
    case edge::Path::avx512: return PBGEN_PATH_AVX512;
    default: return PBGEN_PATH_PORTABLE;
  }
}

inline std::vector<edge::Path> edge_paths_here() {
  std::vector<edge::Path> paths;
  for (const edge::Path path : kEdgePaths)
    if (edge::runs_here(path)) paths.push_back(path);
  return paths;
}

}  // namespace pbgen
