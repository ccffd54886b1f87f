// The one-image runtime's paths, for tests.
#pragma once

#include <vector>

#include "gan/edge/generator.h"
#include "gan/edge/pbgen.h"

namespace pbgen {

inline constexpr edge::Path kEdgePaths[] = {edge::Path::portable, edge::Path::avx2, edge::Path::neon};

inline const char* name(edge::Path path) {
  return path == edge::Path::avx2 ? "avx2" : path == edge::Path::neon ? "neon" : "portable";
}
// As pbgen.h numbers it.
inline int code_of(edge::Path path) {
  return path == edge::Path::avx2 ? PBGEN_PATH_AVX2 : path == edge::Path::neon ? PBGEN_PATH_NEON : PBGEN_PATH_PORTABLE;
}

inline std::vector<edge::Path> edge_paths_here() {
  std::vector<edge::Path> paths;
  for (const edge::Path path : kEdgePaths)
    if (edge::runs_here(path)) paths.push_back(path);
  return paths;
}

}  // namespace pbgen
