// What the edge section of tools/bench measures: the models that ./tools/export writes, as libpbgen and a C program run them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gan/networks.h"
#include "gan/packed_model.h"
#include "tools/lib/bench/inference.h"
#include "tools/lib/cli/temporary_folder.h"

namespace pbgen {

// An exported model of a network that bench_inference.h makes, and that network as its reference; made when first wanted.
class EdgeModel {
 public:
  EdgeModel(std::string name, const NetworkConfig& config, const PackedModelOptions& options);

  const std::string& name() const { return name_; }
  const NetworkConfig& config() const { return config_; }
  // The file, which goes with this object.
  const std::string& path();
  // Eight images, by column matrices.
  Inference& reference();

 private:
  std::string name_;
  NetworkConfig config_;
  PackedModelOptions options_;
  std::unique_ptr<Inference> reference_;
  std::unique_ptr<TemporaryFolder> folder_;
  std::string path_;
};

// "A", "F", "F half" (its linear layer in half precision), "0-3" (those layers in one bit) and "0-3 prepacked" of a network.
std::vector<std::shared_ptr<EdgeModel>> edge_models(const NetworkConfig& network);

}  // namespace pbgen
