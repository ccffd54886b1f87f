#include "gan/shared_parameters.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "core/base/check.h"
#include "core/base/cuts.h"
#include "core/base/parallel.h"
#include "core/base/profile.h"
#include "layers/weighted_layer.h"

namespace pbgen {
namespace {

std::span<const std::byte> bytes_of(const std::vector<float>& values) { return std::as_bytes(std::span(values)); }

std::byte* append(std::byte* to, const void* from, std::int64_t bytes) {
  std::memcpy(to, from, static_cast<std::size_t>(bytes));
  return to + bytes;
}

}  // namespace

float* SharedParameters::Part::take(const float* array, float* packed) const {
  for (std::int64_t run = 0; run < runs; ++run) packed = std::copy_n(array + begin + run * pitch, length, packed);
  return packed;
}

const float* SharedParameters::Part::put(const float* packed, float* array) const {
  for (std::int64_t run = 0; run < runs; ++run, packed += length) std::copy_n(packed, length, array + begin + run * pitch);
  return packed;
}

SharedParameters::SharedParameters(Sequential& network, Sequential* average, const AdamOptions& options, Ranks& ranks)
    : network_(network), ranks_(ranks), rank_(static_cast<std::size_t>(ranks.rank())) {
  const int count = ranks.count();
  std::vector<Param*> owned;
  for (std::size_t i = 0; i < network.layer_count(); ++i) {
    first_param_.push_back(params_.size());
    auto* const weighted = dynamic_cast<WeightedLayer*>(&network.layer(i));
    const std::vector<Param*> params = network.layer(i).params();
    std::vector<Param*> averages(params.size());
    if (average != nullptr) averages = average->layer(i).params();
    std::vector<std::int64_t> floats(static_cast<std::size_t>(count));
    for (std::size_t p = 0; p < params.size(); ++p) {
      Shared shared;
      shared.param = params[p];
      shared.average = averages[p];
      const std::int64_t size = params[p]->value.size();
      WeightAxis axis{size, 1};
      if (weighted != nullptr && params[p] == &weighted->weight().latent()) {
        axis = weighted->weight().axes().channel;
        if (weighted->weight().binarized()) shared.one_bit = &weighted->weight();
      }
      for (int r = 0; r < count; ++r) {
        const Range channels = piece_of(axis.extent, r, count);
        shared.channels.push_back(channels);
        shared.parts.push_back({.begin = channels.begin * axis.stride,
                                .length = channels.size() * axis.stride,
                                .pitch = axis.extent * axis.stride,
                                .runs = size / (axis.extent * axis.stride)});
        floats[static_cast<std::size_t>(r)] += shared.parts.back().floats();
      }
      if (shared.one_bit != nullptr) shared.one_bit->hold(shared.channels[rank_]);
      shared.owned = std::make_unique<Param>(params[p]->name, std::vector<std::int64_t>{shared.parts[rank_].floats()});
      owned.push_back(shared.owned.get());
      params_.push_back(std::move(shared));
    }
    std::vector<std::vector<float>> outgoing;
    std::vector<std::vector<float>> incoming;
    for (const std::int64_t n : floats) {
      outgoing.emplace_back(static_cast<std::size_t>(n));
      incoming.emplace_back(static_cast<std::size_t>(floats[rank_]));
    }
    outgoing[rank_].clear();
    outgoing_.push_back(std::move(outgoing));
    incoming_.push_back(std::move(incoming));
  }
  first_param_.push_back(params_.size());
  adam_ = std::make_unique<Adam>(std::move(owned), options);
  std::int64_t total = 0;
  for (int r = 0; r < count; ++r) {
    std::int64_t bytes = sizeof(std::int64_t);
    for (const Shared& shared : params_) bytes += shared_bytes(shared, r);
    message_bytes_.push_back(bytes);
    total += bytes;
  }
  message_.resize(static_cast<std::size_t>(message_bytes_[rank_]));
  messages_.resize(static_cast<std::size_t>(total));
}

std::int64_t SharedParameters::shared_bytes(const Shared& shared, int rank) const {
  const auto r = static_cast<std::size_t>(rank);
  const std::int64_t float_bytes = sizeof(float);
  if (shared.one_bit == nullptr) return float_bytes * shared.parts[r].floats();
  return float_bytes * shared.channels[r].size() + shared.one_bit->code_bytes(shared.channels[r]);
}

void SharedParameters::send_gradients(std::size_t layer) {
  if (first_param_[layer] == first_param_[layer + 1]) return ranks_.progress();
  const ProfileScope scope("exchange", "sending");
  network_.sum_shard_gradients(layer);
  const auto count = static_cast<std::size_t>(ranks_.count());
  std::vector<std::span<const std::byte>> outgoing(count);
  std::vector<std::span<std::byte>> incoming(count);
  for (std::size_t r = 0; r < count; ++r) {
    std::vector<float>& packed = r == rank_ ? incoming_[layer][r] : outgoing_[layer][r];
    float* to = packed.data();
    for (std::size_t p = first_param_[layer]; p < first_param_[layer + 1]; ++p)
      to = params_[p].parts[r].take(params_[p].param->gradient.data(), to);
    if (r == rank_) continue;
    outgoing[r] = bytes_of(packed);
    incoming[r] = std::as_writable_bytes(std::span(incoming_[layer][r]));
  }
  for (std::size_t p = first_param_[layer]; p < first_param_[layer + 1]; ++p) {
    float* const gradient = params_[p].param->gradient.data();
    const auto clear = [gradient](std::int64_t begin, std::int64_t end) { std::fill(gradient + begin, gradient + end, 0.0f); };
    parallel_for(params_[p].param->gradient.size(), clear, min_piece_of(1));
  }
  ranks_.begin_exchange(outgoing, incoming);
}

const Param* SharedParameters::first_non_finite_gradient() {
  ranks_.finish();
  const auto finite = [](float value) { return std::isfinite(value); };
  std::int64_t first = std::ssize(params_);
  for (std::size_t layer = 0; layer + 1 < first_param_.size(); ++layer)
    for (std::size_t r = 0; r < outgoing_[layer].size(); ++r) {
      const float* packed = (r == rank_ ? incoming_ : outgoing_)[layer][r].data();
      for (std::size_t p = first_param_[layer]; p < first_param_[layer + 1]; ++p) {
        const float* const end = packed + params_[p].parts[r].floats();
        if (!std::all_of(packed, end, finite)) first = std::min(first, static_cast<std::int64_t>(p));
        packed = end;
      }
    }
  std::vector<std::int64_t> all(static_cast<std::size_t>(ranks_.count()));
  ranks_.all_gather_equal(std::as_bytes(std::span(&first, 1)), std::as_writable_bytes(std::span(all)));
  first = *std::min_element(all.begin(), all.end());
  return first < std::ssize(params_) ? params_[static_cast<std::size_t>(first)].param : nullptr;
}

const Param* SharedParameters::update(double clip) {
  {
    const ProfileScope scope("exchange", "waiting");
    ranks_.finish();
  }
  const std::size_t count = static_cast<std::size_t>(ranks_.count());
  for (std::size_t layer = 0; layer + 1 < first_param_.size(); ++layer) {
    if (first_param_[layer] == first_param_[layer + 1]) continue;
    std::vector<std::vector<float>>& partials = incoming_[layer];
    parallel_for(std::ssize(partials[0]), [&](std::int64_t begin, std::int64_t end) {
      for (std::size_t step = 1; step < count; step *= 2)
        for (std::size_t r = 0; r + step < count; r += 2 * step)
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) partials[r][i] += partials[r + step][i];
    }, min_piece_of(2));
    const float* from = partials[0].data();
    for (std::size_t p = first_param_[layer]; p < first_param_[layer + 1]; ++p) {
      Param& owned = *params_[p].owned;
      std::copy_n(from, owned.gradient.size(), owned.gradient.data());
      from += owned.gradient.size();
      params_[p].parts[rank_].take(params_[p].param->value.data(), owned.value.data());
    }
  }
  std::int64_t broken = std::ssize(params_);
  {
    const ProfileScope scope("Adam");
    if (const Param* const first = adam_->step(); first != nullptr)
      broken =
          std::find_if(params_.begin(), params_.end(), [&](const Shared& shared) { return shared.owned.get() == first; }) - params_.begin();
  }
  for (const Shared& shared : params_) shared.parts[rank_].put(shared.owned->value.data(), shared.param->value.data());
  network_.project_weights(clip);
  share_weights(broken);
  return broken < std::ssize(params_) ? params_[static_cast<std::size_t>(broken)].param : nullptr;
}

void SharedParameters::share_weights(std::int64_t& broken) {
  {
    const ProfileScope scope("exchange", "weights");
    exchange_weights(broken);
  }
  network_.weights_loaded();
}

void SharedParameters::exchange_weights(std::int64_t& broken) {
  std::byte* to = append(message_.data(), &broken, sizeof broken);
  for (const Shared& shared : params_) {
    const Part& part = shared.parts[rank_];
    if (shared.one_bit != nullptr) {
      shared.one_bit->rescale();
      const Range channels = shared.channels[rank_];
      to = append(to, shared.one_bit->scale().data() + channels.begin, static_cast<std::int64_t>(sizeof(float)) * channels.size());
      shared.one_bit->write_codes(channels, to);
      to += shared.one_bit->code_bytes(channels);
    } else {
      for (std::int64_t run = 0; run < part.runs; ++run)
        to = append(to, shared.param->value.data() + part.begin + run * part.pitch, static_cast<std::int64_t>(sizeof(float)) * part.length);
    }
  }
  ranks_.all_gather(message_, message_bytes_, messages_);
  const std::byte* from = messages_.data();
  std::vector<float> scale;
  for (std::size_t r = 0; r < message_bytes_.size(); ++r) {
    const std::byte* const end = from + message_bytes_[r];
    if (r != rank_) {
      std::int64_t first = 0;
      std::memcpy(&first, from, sizeof first);
      broken = std::min(broken, first);
      from += sizeof first;
      for (const Shared& shared : params_) {
        const Part& part = shared.parts[r];
        const Range channels = shared.channels[r];
        if (shared.one_bit != nullptr) {
          scale.resize(static_cast<std::size_t>(channels.size()));
          std::memcpy(scale.data(), from, scale.size() * sizeof(float));
          from += scale.size() * sizeof(float);
          shared.one_bit->read_codes(channels, from, scale.data());
          from += shared.one_bit->code_bytes(channels);
        } else {
          for (std::int64_t run = 0; run < part.runs; ++run, from += static_cast<std::int64_t>(sizeof(float)) * part.length)
            std::memcpy(shared.param->value.data() + part.begin + run * part.pitch, from,
                        sizeof(float) * static_cast<std::size_t>(part.length));
        }
      }
    }
    from = end;
  }
}

void SharedParameters::blend(float keep) {
  for (const Shared& shared : params_) {
    const Part& part = shared.parts[rank_];
    for (std::int64_t run = 0; run < part.runs; ++run) {
      const float* const from = shared.param->value.data() + part.begin + run * part.pitch;
      float* const to = shared.average->value.data() + part.begin + run * part.pitch;
      const auto average = [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) to[i] = keep * to[i] + (1.0f - keep) * from[i];
      };
      parallel_for(part.length, average, min_piece_of(1));
    }
  }
}

// array(p): the whole array of parameter p, its owned part packed or null where that is in the array itself.
template <class Array>
void SharedParameters::gather(Array array) {
  const auto count = static_cast<std::size_t>(ranks_.count());
  for (std::size_t p = 0; p < params_.size(); ++p) {
    const auto [whole, packed] = array(p);
    std::vector<float> mine(static_cast<std::size_t>(params_[p].parts[rank_].floats()));
    if (packed != nullptr) std::copy_n(packed, mine.size(), mine.data());
    else params_[p].parts[rank_].take(whole, mine.data());
    std::vector<std::int64_t> bytes;
    std::int64_t total = 0;
    for (const Part& part : params_[p].parts) {
      bytes.push_back(static_cast<std::int64_t>(sizeof(float)) * part.floats());
      total += part.floats();
    }
    std::vector<float> all(rank_ == 0 ? static_cast<std::size_t>(total) : 0);
    ranks_.gather(bytes_of(mine), bytes, std::as_writable_bytes(std::span(all)));
    if (rank_ != 0) continue;
    const float* from = all.data();
    for (std::size_t r = 0; r < count; ++r) from = params_[p].parts[r].put(from, whole);
  }
}

void SharedParameters::collect(Adam& full) {
  using Arrays = std::pair<float*, const float*>;
  gather([&](std::size_t p) { return Arrays(params_[p].param->value.data(), nullptr); });
  if (params_.front().average != nullptr) gather([&](std::size_t p) { return Arrays(params_[p].average->value.data(), nullptr); });
  gather([&](std::size_t p) { return Arrays(full.moments()[p].first.data(), adam_->moments()[p].first.data()); });
  gather([&](std::size_t p) { return Arrays(full.moments()[p].second.data(), adam_->moments()[p].second.data()); });
  full.set_step_count(adam_->step_count());
}

void SharedParameters::distribute(Adam& full) {
  for (std::size_t p = 0; p < params_.size(); ++p) {
    params_[p].parts[rank_].take(full.moments()[p].first.data(), adam_->moments()[p].first.data());
    params_[p].parts[rank_].take(full.moments()[p].second.data(), adam_->moments()[p].second.data());
  }
  release(full);
  adam_->set_step_count(full.step_count());
  std::int64_t broken = std::ssize(params_);
  share_weights(broken);
}

void SharedParameters::release(Adam& full) {
  for (Adam::Moments& whole : full.moments()) whole = {AlignedBuffer<float>(whole.first.size()), AlignedBuffer<float>(whole.second.size())};
}

}  // namespace pbgen
