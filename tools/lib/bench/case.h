// What tools/bench can measure: cases, each of which names itself, checks its result and is then timed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/conv/conv_algorithm.h"
#include "gan/networks.h"

namespace pbgen {

// A case with its inputs in memory.
struct PreparedCase {
  std::function<void()> run;
  // After one run: std::logic_error where its result leaves the bound that is promised for it.
  std::function<void()> check;
};

inline const std::vector<std::string> kBenchSections{"kernels", "layers", "network", "edge", "data", "swd"};

// A float_path: whichever of the same work's cases in full precision is the fastest.
inline const std::string kFastestFloat = "the fastest";

struct BenchCase {
  std::string section;  // one of kBenchSections
  std::string layer;    // "deconv2"; "generator", "iteration", ... where it is no layer
  std::string op;       // "forward", "dx", "dw", "pack", ...
  std::string path;     // what computes it: "gemm", "direct", "im2col", "binary", ...; for a network, with a setting's letter in front
  std::string float_path;  // the path of the case that does the same in full precision; "": it does so itself
  std::string shape;
  std::int64_t batch = 0;    // images of one run; 0: it has no batch
  double flops = 0.0;        // nominal, borders included; 0: not meaningful
  bool shows_rate = false;   // images a second mean something
  int threads = 0;           // 0: any number; else the one for which it means something
  bool only_by_name = false; // takes so long that it is left out unless it is asked for by `layer`
  int least_repeats = 1;     // of what takes a millisecond
  int most_repeats = 1000;   // of what takes long
  std::function<PreparedCase()> prepare;
};

// While it lives, layers are made with this algorithm.
class AlgorithmScope {
 public:
  explicit AlgorithmScope(ConvAlgorithm algorithm) : outer_(conv_algorithm()) { set_conv_algorithm(algorithm); }
  ~AlgorithmScope() { set_conv_algorithm(outer_); }
  AlgorithmScope(const AlgorithmScope&) = delete;
  AlgorithmScope& operator=(const AlgorithmScope&) = delete;

 private:
  ConvAlgorithm outer_;
};

// What the cases are made for.
struct BenchSizes {
  std::int64_t batch = 64;
  std::vector<ConvAlgorithm> algorithms{ConvAlgorithm::direct, ConvAlgorithm::winograd, ConvAlgorithm::im2col};
  NetworkConfig edge_network;  // of the edge section
  std::vector<std::int64_t> swd_counts{1024, 4096, 16384};  // images a set; above 4096 by name alone
};

// gemm on the column matrices of the generator's layers.
std::vector<BenchCase> gemm_cases(const BenchSizes& sizes);
// The layers of the paper's networks, each direction, in full precision by each algorithm and in one bit; packing of their weights.
std::vector<BenchCase> layer_cases(const BenchSizes& sizes);
// The paper's generator drawing images, and a whole training iteration.
std::vector<BenchCase> network_cases(const BenchSizes& sizes);
// Exported models drawing one image through libpbgen, and each layer of that runtime alone, in floats and in one bit.
std::vector<BenchCase> edge_cases(const BenchSizes& sizes);
std::vector<BenchCase> edge_layer_cases(const NetworkConfig& network);
// JPEG pictures made into samples, a batch a run; epochs of batches from a cache file, which is written into a temporary folder.
std::vector<BenchCase> data_cases(const BenchSizes& sizes);
// The sliced Wasserstein distance of two sets of synthetic images with swd_eval's options.
std::vector<BenchCase> swd_cases(const BenchSizes& sizes);

}  // namespace pbgen
