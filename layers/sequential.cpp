#include "layers/sequential.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/base/parallel.h"
#include "core/base/profile.h"

namespace pbgen {
namespace {

void clamp(Param& param, float bound) {
  float* const w = param.value.data();
  parallel_for(param.value.size(), [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) w[i] = std::clamp(w[i], -bound, bound);
  }, min_piece_of(1));
}

// While it lives, Param::gradient is that of one of the shards.
class ShardGradients {
 public:
  ShardGradients(const std::vector<Param*>& params, int shard) : params_(params), shard_(shard) { exchange(); }
  ~ShardGradients() { exchange(); }
  ShardGradients(const ShardGradients&) = delete;
  ShardGradients& operator=(const ShardGradients&) = delete;

 private:
  void exchange() {
    if (shard_ == 0) return;
    for (Param* const param : params_) std::swap(param->gradient, param->gradient_of(shard_));
  }

  const std::vector<Param*>& params_;
  const int shard_;
};

}  // namespace

void Sequential::append(std::unique_ptr<Layer> layer) {
  std::vector<Param*> params = layer->params();
  if (!params.empty()) labels_.push_back(params.front()->name.substr(0, params.front()->name.rfind('.')));
  else labels_.push_back(labels_.empty() ? "activation" : labels_.back() + " activation");
  layers_.push_back(std::move(layer));
  params_.push_back(std::move(params));
}

std::int64_t Sequential::Record::floats() const {
  std::int64_t total = 0;
  for (const Tensor& activation : activations_) total += activation.floats();
  for (const auto& record : records_) total += record.size();
  return total;
}

LaneShape Sequential::output_shape(LaneShape input) const {
  for (const auto& layer : layers_) input = layer->output_shape(input);
  return input;
}

void Sequential::share(const Sharing& sharing) {
  const int ranks = sharing.ranks->count();
  check(sharing.shards >= ranks && sharing.shards % ranks == 0, sharing.shards, " shards on ", ranks, " ranks");
  sharing_ = sharing;
  for (const auto& layer : layers_) layer->share(sharing);
}

LaneShape Sequential::seen_by(const Layer& layer, LaneShape input) const {
  if (!layer.combines_images()) input.batch /= sharing_.here();
  return input;
}

std::int64_t Sequential::workspace_floats(LaneShape input) const {
  std::int64_t floats = 0;
  for (const auto& layer : layers_) {
    floats = std::max(floats, layer->workspace_floats(seen_by(*layer, input)));
    input = layer->output_shape(input);
  }
  return floats;
}

Sequential::Record Sequential::make_record(const LaneShape& input) const {
  check(!layers_.empty() && !layers_.front()->in_place(), "a network begins with a layer that does not work in place");
  Record record;
  record.input_ = input;
  LaneShape shape = input;
  for (const auto& layer : layers_) {
    const LaneShape output = layer->output_shape(shape);
    check(layer->combines_images() || sharing_.here() == 1 || layer->record_floats(shape) == 0,
          "a layer that keeps a record sees a batch in parts, each of which would overwrite it");
    if (!layer->in_place()) record.activations_.emplace_back(output);
    record.activation_of_.push_back(record.activations_.size() - 1);
    record.records_.emplace_back(layer->record_floats(shape));
    shape = output;
  }
  return record;
}

Sequential::Scratch Sequential::make_scratch(const LaneShape& input) const {
  std::int64_t floats = input.floats();
  LaneShape shape = input;
  for (const auto& layer : layers_) {
    shape = layer->output_shape(shape);
    floats = std::max(floats, shape.floats());
  }
  Scratch scratch;
  scratch.ping_ = AlignedBuffer<float>(floats);
  scratch.pong_ = AlignedBuffer<float>(floats);
  return scratch;
}

ConstTensorView Sequential::forward(ConstTensorView x, Record& record, Workspace& workspace, Mode mode) const {
  check_equal(x.shape, record.input_, "network input");
  ConstTensorView input = x;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const TensorView output = record.activations_[record.activation_of_[i]].view();
    const ProfileScope scope(labels_[i], "forward");
    const int calls = layers_[i]->combines_images() ? 1 : sharing_.here();
    for (int part = 0; part < calls; ++part)
      layers_[i]->forward(part_of_batch(input, part, calls), part_of_batch(output, part, calls), record.records_[i].span(), workspace,
                          mode);
    input = output;
  }
  return input;
}

ConstTensorView Sequential::infer(ConstTensorView x, Scratch& scratch, Workspace& workspace) const {
  check(!layers_.empty() && !layers_.front()->in_place(), "a network begins with a layer that does not work in place");
  TensorView activation{scratch.ping_.data(), {}};
  float* spare = scratch.pong_.data();
  ConstTensorView input = x;
  for (const auto& layer : layers_) {
    const LaneShape shape = layer->output_shape(input.shape);
    check(scratch.ping_.size() >= shape.floats(), "scratch was made for a smaller input");
    if (!layer->in_place()) std::swap(activation.data, spare);
    activation.shape = shape;
    layer->forward(input, activation, {}, workspace, Mode::inference);
    input = activation;
  }
  return input;
}

TensorView Sequential::backward(ConstTensorView x, const Record& record, ConstTensorView dy, Want want, Scratch& scratch,
                                Workspace& workspace, const FunctionRef<void(std::size_t layer)>* done) {
  check_equal(x.shape, record.input_, "network input");
  check_equal(dy.shape, record.output().shape, "network output gradient");
  check(scratch.ping_.size() >= dy.shape.floats(), "scratch was made for a smaller input");
  // A gradient from elsewhere is copied once, so that layers in place may overwrite it.
  float* spare = scratch.pong_.data();
  TensorView gradient{scratch.ping_.data(), dy.shape};
  if (dy.data == spare) {
    std::swap(spare, gradient.data);
  } else if (dy.data != gradient.data) {
    const ProfileScope scope("gradient", "copy");
    std::copy(dy.data, dy.data + dy.shape.floats(), gradient.data);
  }
  for (std::size_t i = layers_.size(); i-- > 0;) {
    Layer& layer = *layers_[i];
    const ConstTensorView output = record.activations_[record.activation_of_[i]].view();
    const ConstTensorView input = i == 0 ? x : record.activations_[record.activation_of_[i - 1]].view();
    const Want layer_want{want.input || i > 0, want.params};
    const ProfileScope scope(labels_[i], "backward");
    const bool in_place = layer.gradient_in_place();
    const TensorView dx = layer_want.input ? TensorView{in_place ? gradient.data : spare, input.shape} : TensorView{};
    const int calls = layer.combines_images() ? 1 : sharing_.here();
    for (int part = 0; part < calls; ++part) {
      const ShardGradients chosen(params_[i], part);
      layer.backward(part_of_batch(input, part, calls), part_of_batch(output, part, calls),
                     part_of_batch(ConstTensorView(gradient), part, calls), layer_want.input ? part_of_batch(dx, part, calls) : dx,
                     record.records_[i].span(), layer_want, workspace);
    }
    if (!in_place) spare = gradient.data;
    gradient = dx;
    if (done != nullptr) (*done)(i);
  }
  return gradient;
}

std::vector<Param*> Sequential::params() const& {
  std::vector<Param*> all;
  for (const std::vector<Param*>& of_layer : params_) all.insert(all.end(), of_layer.begin(), of_layer.end());
  return all;
}

std::vector<NamedArray*> Sequential::buffers() const& {
  std::vector<NamedArray*> all;
  for (const auto& layer : layers_)
    for (NamedArray* const buffer : layer->buffers()) all.push_back(buffer);
  return all;
}

void Sequential::sum_shard_gradients(std::size_t layer) {
  if (sharing_.here() == 1) return;
  for (Param* const param : params_[layer]) {
    const auto add = [&](std::int64_t begin, std::int64_t end) {
      for (int step = 1; step < sharing_.here(); step *= 2)
        for (int shard = 0; shard + step < sharing_.here(); shard += 2 * step) {
          float* const left = param->gradient_of(shard).data();
          float* const right = param->gradient_of(shard + step).data();
          for (std::int64_t i = begin; i < end; ++i) left[i] += right[i];
          std::fill(right + begin, right + end, 0.0f);
        }
    };
    parallel_for(param->value.size(), add, min_piece_of(2));
  }
}

void Sequential::sum_shard_gradients() {
  for (std::size_t i = 0; i < layers_.size(); ++i) sum_shard_gradients(i);
}

void Sequential::project_weights(double clip) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const ProfileScope scope(labels_[i], "packing");
    layers_[i]->project_weights();
    if (clip > 0.0)
      for (Param* const param : params_[i]) clamp(*param, static_cast<float>(clip));
  }
}

void Sequential::weights_updated(double clip) {
  project_weights(clip);
  weights_loaded();
}

void Sequential::weights_loaded() {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const ProfileScope scope(labels_[i], "packing");
    layers_[i]->weights_changed();
  }
}

void Sequential::update_moving_statistics(const Record& record) {
  const ProfileScope scope("moving statistics");
  for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i]->update_moving_statistics(record.records_[i].span());
}

}  // namespace pbgen
