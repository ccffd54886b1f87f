#include "tools/lib/bench/edge.h"

#include <cmath>
#include <cstdint>
#include <utility>

#include "core/base/aligned_buffer.h"
#include "core/base/check.h"
#include "core/base/cpu.h"
#include "gan/edge/pbgen.h"
#include "gan/folded_generator.h"
#include "tools/lib/bench/case.h"
#include "tools/lib/model/edge_generator.h"

namespace pbgen {
namespace {

void check_code(int code) { check(code == PBGEN_OK, "bench: libpbgen: ", pbgen_error_text(code)); }

// One image through libpbgen, from a file that is mapped.
class LibraryInference {
 public:
  explicit LibraryInference(std::shared_ptr<EdgeModel> model) : model_(std::move(model)), z_(model_->reference().latents()) {
    const edge::ParallelFor threads = threads_in_force();
    pbgen_options options{};
    const edge::Path path = edge_path();
    options.path = path == edge::best_path() ? PBGEN_PATH_BEST : path == edge::Path::avx2 ? PBGEN_PATH_AVX2 : PBGEN_PATH_PORTABLE;
    options.parallel_for = {threads.run, threads.context, threads.parts};
    pbgen_info info{};
    check_code(pbgen_map_file(model_->path().c_str(), &file_));
    check_code(pbgen_query(file_.data, file_.size, &options, &info));
    arena_ = AlignedBuffer<unsigned char>(static_cast<std::int64_t>(info.arena_bytes));
    image_.resize(info.image_bytes);
    check_code(pbgen_open(file_.data, file_.size, &options, arena_.data(), info.arena_bytes, &library_));
  }
  ~LibraryInference() { pbgen_unmap_file(&file_); }
  LibraryInference(const LibraryInference&) = delete;
  LibraryInference& operator=(const LibraryInference&) = delete;

  void run() { check_code(pbgen_generate(library_, z_.data(), image_.data())); }

  // Against the same latent vector's image in a batch: 1e-3 in [-1, 1], in grey levels, and half a level of rounding.
  void check_image() {
    const std::vector<float> expected = row_major(model_->reference().run());  // the first of these images
    const std::size_t channels = static_cast<std::size_t>(model_->config().channels);
    const std::size_t pixels = image_.size() / channels;
    check_equal(image_.size() * kLanes, expected.size(), "bench: one image: values");
    for (std::size_t i = 0; i < image_.size(); ++i) {
      const float level = 127.5f * expected[i % channels * pixels + i / channels] + 127.5f;
      check(std::fabs(static_cast<float>(image_[i]) - level) <= 0.5f + 127.5e-3f, "bench: one image: value ", i, " is ",
            static_cast<int>(image_[i]), ", in a batch ", level);
    }
  }

 private:
  std::shared_ptr<EdgeModel> model_;
  std::vector<float> z_;
  pbgen_bytes file_{};
  AlignedBuffer<unsigned char> arena_;
  std::vector<std::uint8_t> image_;
  pbgen_model* library_ = nullptr;
};

BenchCase image_case(const std::shared_ptr<EdgeModel>& model) {
  const NetworkConfig& config = model->config();
  BenchCase one;
  one.section = "edge";
  one.layer = "generator";
  one.op = "inference";
  one.path = model->name();
  if (!config.binarized.generator.empty()) one.float_path = kFastestFloat;
  one.shape = concat(config.z_dim, " -> ", config.channels, "x", config.size, "x", config.size);
  one.batch = 1;
  one.flops = 2.0 * generator_multiply_adds(config);
  one.shows_rate = true;
  one.least_repeats = 50;
  one.prepare = [model] {
    const auto state = std::make_shared<LibraryInference>(model);
    return PreparedCase{[state] { state->run(); }, [state] { state->check_image(); }};
  };
  return one;
}

}  // namespace

EdgeModel::EdgeModel(std::string name, const NetworkConfig& config, const PackedModelOptions& options)
    : name_(std::move(name)), config_(config), options_(options) {}

Inference& EdgeModel::reference() {
  if (!reference_)
    reference_ = std::make_unique<Inference>(config_, kLanes, ConvAlgorithm::im2col, options_.linear == LinearPrecision::half);
  return *reference_;
}

const std::string& EdgeModel::path() {
  if (!folder_) {
    auto folder = std::make_unique<TemporaryFolder>();
    path_ = *folder / "model.pbgen";
    save_packed_model(path_, fold_generator(reference().network(), config_), options_);
    folder_ = std::move(folder);
  }
  return path_;
}

std::vector<std::shared_ptr<EdgeModel>> edge_models(const NetworkConfig& network) {
  std::vector<std::shared_ptr<EdgeModel>> models;
  const auto add = [&](const char* name, LayerSet layers, const PackedModelOptions& options) {
    NetworkConfig config = network;
    config.binarized.generator = layers;
    models.push_back(std::make_shared<EdgeModel>(name, config, options));
  };
  add("A", {}, {});
  add("F", {1, 2, 3}, {});
  add("F half", {1, 2, 3}, {.linear = LinearPrecision::half});
  add("0-3", {0, 1, 2, 3}, {});
  add("0-3 prepacked", {0, 1, 2, 3}, {.prepacked = true});
  return models;
}

std::vector<BenchCase> edge_cases(const BenchSizes& sizes) {
  std::vector<BenchCase> cases;
  for (const auto& model : edge_models(sizes.edge_network)) cases.push_back(image_case(model));
  for (BenchCase& one : edge_layer_cases(sizes.edge_network)) cases.push_back(std::move(one));
  return cases;
}

}  // namespace pbgen
