#include "gan/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/check.h"
#include "core/base/option_error.h"
#include "core/base/profile.h"
#include "core/base/rng.h"
#include "gan/latents.h"
#include "gan/roughness.h"

namespace pbgen {
namespace {

[[noreturn]] void fail_diverged(const std::string& message) {
  fail_naming_options(ErrorKind::diverged, message, "; begin anew with a lower ", OptionName{"learning_rate"}, " or another ",
                      OptionName{"seed"});
}

TrainerOptions validated(TrainerOptions options) {
  options.network.validate();
  if (options.batch < kLanes || options.batch % kLanes != 0 || options.batch > 4096) {
    throw InvalidOption("batch", options.batch,
                        concat("a multiple of ", kLanes, " from ", kLanes, " to 4096 (eight images share the lanes of a vector)"));
  }
  require_ranks_fit(options, 1);
  if (options.d_steps < 1 || options.d_steps > 100) throw InvalidOption("d_steps", options.d_steps, "1 to 100");
  if (options.g_steps < 1 || options.g_steps > 100) throw InvalidOption("g_steps", options.g_steps, "1 to 100");
  if (!(options.ema_decay >= 0.0 && options.ema_decay < 1.0)) {
    throw InvalidOption("ema_decay", options.ema_decay, "a decay of at least 0 (off) and below 1, such as 0.999");
  }
  if (!(options.clip >= 0.0 && std::isfinite(options.clip))) throw InvalidOption("clip", options.clip, "at least 0 (off)");
  if (!(options.smooth >= 0.0 && options.smooth <= 1000.0)) throw InvalidOption("smooth", options.smooth, "0 (off) to 1000");
  require_bounded_critic(options.loss, options.clip);
  return options;
}

AdamOptions adam_options(const TrainerOptions& options) {
  AdamOptions adam;
  adam.lr = options.learning_rate;
  adam.beta1 = options.beta1;
  return adam;
}

Sequential fresh(Sequential network, std::uint64_t seed, std::uint32_t first_number, const Sharing& sharing) {
  initialise(network, seed, first_number);
  network.share(sharing);
  return network;
}

Sharing sharing_of(const TrainerOptions& options, Ranks& ranks) {
  require_ranks_fit(options, ranks.count());
  return {options.shards, &ranks};
}

bool all_finite(const AlignedBuffer<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

// The first array with a gradient that is not finite, or null.
const NamedArray* first_non_finite_gradient(const Sequential& network) {
  for (const Param* const param : network.params()) {
    const bool finite = all_finite(param->gradient) &&
                        std::all_of(param->further_gradients.begin(), param->further_gradients.end(), all_finite);
    if (!finite) return param;
  }
  return nullptr;
}

void blend(float keep, std::int64_t count, const float* from, float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = keep * to[i] + (1.0f - keep) * from[i];
}

}  // namespace

void require_bounded_critic(Loss loss, double clip) {
  if (loss == Loss::wgan && clip == 0.0)
    throw InvalidOption("clip", clip, "a bound on the weights of wgan's critic, such as 0.01");
}

void require_ranks_fit(const TrainerOptions& options, int ranks) {
  if (options.shards < 1 || (options.shards & (options.shards - 1)) != 0 || options.batch / kLanes % options.shards != 0) {
    throw InvalidOption("shards", options.shards,
                        concat("a power of two that divides ", options.batch / kLanes, ", the batch in slices of ", kLanes, " images"));
  }
  if (options.shards % ranks == 0) return;
  std::string fitting;
  for (int shards = 1; options.batch / kLanes % shards == 0; shards *= 2)
    if (shards % ranks == 0) fitting += concat(fitting.empty() ? "" : ", ", shards);
  throw InvalidOption("shards", options.shards,
                      fitting.empty() ? concat("a multiple of the ", ranks, " ranks, of which a batch of ", options.batch,
                                               " images has none; take 1, 2, 4 or more ranks and a batch of 8 times as many")
                                      : concat("a multiple of the ", ranks, " ranks: ", fitting));
}

Trainer::Trainer(const TrainerOptions& options, Ranks& ranks)
    : options_(validated(options)),
      sharing_(sharing_of(options_, ranks)),
      generator_(fresh(make_generator(options_.network), options_.seed, kGeneratorFirstNumber, sharing_)),
      discriminator_(fresh(make_discriminator(options_.network), options_.seed, kDiscriminatorFirstNumber, sharing_)),
      generator_adam_(generator_.params(), adam_options(options_)),
      discriminator_adam_(discriminator_.params(), adam_options(options_)),
      fixed_latents_("fixed_latents", {kFixedLatents, options_.network.z_dim}),
      latent_(options_.network.latent_shape(batch_here())),
      logit_gradient_(discriminator_.output_shape(options_.network.image_shape(batch_here()))),
      generator_record_(generator_.make_record(latent_.shape())),
      discriminator_record_(discriminator_.make_record(options_.network.image_shape(batch_here()))),
      scratch_(Sequential::Scratch::larger(generator_.make_scratch(latent_.shape()),
                                           discriminator_.make_scratch(options_.network.image_shape(batch_here())))),
      workspace_(std::max(generator_.workspace_floats(latent_.shape()),
                          discriminator_.workspace_floats(options_.network.image_shape(batch_here())))) {
  if (options_.ema_decay > 0.0) {
    averaged_ = std::make_unique<Sequential>(fresh(make_generator(options_.network), options_.seed, kGeneratorFirstNumber, {}));
    const auto pair_up = [&](const auto& averages, const auto& currents) {
      for (std::size_t i = 0; i < currents.size(); ++i) averaged_arrays_.emplace_back(averages[i], currents[i]);
    };
    if (ranks.count() == 1) pair_up(averaged_->params(), generator_.params());  // else SharedParameters::blend
    pair_up(averaged_->buffers(), generator_.buffers());
    for (const auto& [average, current] : averaged_arrays_) averaged_chunks_.append(average->value.size());
  }
  if (ranks.count() > 1) {
    shared_generator_ = std::make_unique<SharedParameters>(generator_, averaged_.get(), adam_options(options_), ranks);
    shared_discriminator_ = std::make_unique<SharedParameters>(discriminator_, nullptr, adam_options(options_), ranks);
  }
  drawn_.resize(static_cast<std::size_t>(latent_.floats()));
  draw_latents(CounterRng(options_.seed, Stream::fixed_latent), 0, kFixedLatents, options_.network.z_dim, fixed_latents_.value.data());
}

const StepReport& Trainer::step(NextBatch next_real) {
  const CounterRng rng(options_.seed, Stream::latent, static_cast<std::uint32_t>(iteration_));
  std::int64_t drawn = 0;
  return step(next_real, [&]() -> ConstTensorView {
    const ProfileScope scope("latents");
    draw_latents(rng, drawn + ranks().rank() * batch_here(), batch_here(), options_.network.z_dim, drawn_.data());
    latents_to_lanes(drawn_.data(), batch_here(), latent_.view());
    drawn += options_.batch;
    return latent_.view();
  });
}

const StepReport& Trainer::step(ConstTensorView real) {
  return step([&] { return real; });
}

const StepReport& Trainer::step(ConstTensorView real, ConstTensorView z) {
  return step([&] { return real; }, [&] { return z; });
}

const StepReport& Trainer::step(NextBatch next_real, NextBatch next_z) {
  report_.loss_g.clear();
  if (collected_) {
    SharedParameters::release(generator_adam_);
    SharedParameters::release(discriminator_adam_);
    collected_ = false;
  }
  for (int i = 0; i < options_.d_steps; ++i) {
    const ConstTensorView real = next_real();
    check_equal(real.shape, options_.network.image_shape(batch_here()), "real batch");
    const ConstTensorView z = next_z();
    check_equal(z.shape, latent_.shape(), "latent batch");
    if (z.data != latent_.data()) std::copy(z.data, z.data + z.shape.floats(), latent_.data());
    discriminator_step(real);
  }
  for (int i = 0; i < options_.g_steps; ++i) generator_step();
  if (averaged_) update_average();
  ++iteration_;
  return report_;
}

void Trainer::discriminator_step(ConstTensorView real) {
  const ConstTensorView fake = generator_.forward(std::as_const(latent_).view(), generator_record_, workspace_, Mode::train);
  generator_.update_moving_statistics(generator_record_);
  // Each batch is normalised by its own statistics.  Backward of the one before forward of the other is the same sum of
  // gradients with one record in place of two.
  const auto send = [this](std::size_t layer) { shared_discriminator_->send_gradients(layer); };
  const FunctionRef<void(std::size_t)> sending(send);
  const auto pass = [&](ConstTensorView images, double target, bool last) {
    const ConstTensorView logits = discriminator_.forward(images, discriminator_record_, workspace_, Mode::train);
    discriminator_.update_moving_statistics(discriminator_record_);
    const LossResult result = loss_towards(options_.loss, logits, target, logit_gradient_.view(), sharing_);
    discriminator_.backward(images, discriminator_record_, logit_gradient_.view(), Want{.input = false, .params = true},
                            scratch_, workspace_, last && shared_discriminator_ ? &sending : nullptr);
    return result;
  };
  const LossResult on_real = pass(real, 1.0, false);
  const LossResult on_fake = pass(fake, 0.0, true);
  report_.loss_d = on_real.loss + on_fake.loss;
  report_.d_real = on_real.mean_output;
  report_.d_fake = on_fake.mean_output;
  require_finite_loss(report_.loss_d, "loss_d", discriminator_, shared_discriminator_.get());
  update(discriminator_, discriminator_adam_, shared_discriminator_.get(), options_.clip);
}

void Trainer::generator_step() {
  // The first step's fake batch is the last discriminator step's: neither z nor the generator has changed.
  ConstTensorView fake = generator_record_.output();
  if (!report_.loss_g.empty()) {
    fake = generator_.forward(std::as_const(latent_).view(), generator_record_, workspace_, Mode::train);
    generator_.update_moving_statistics(generator_record_);
  }
  const ConstTensorView logits = discriminator_.forward(fake, discriminator_record_, workspace_, Mode::train);
  discriminator_.update_moving_statistics(discriminator_record_);
  const LossResult result = loss_towards(options_.loss, logits, 1.0, logit_gradient_.view(), sharing_);
  const TensorView fake_gradient = discriminator_.backward(fake, discriminator_record_, logit_gradient_.view(),
                                                           Want{.input = true, .params = false}, scratch_, workspace_);
  if (options_.smooth > 0.0) {
    const ProfileScope scope("roughness");
    add_roughness_gradient(options_.smooth / ranks().count(), fake, fake_gradient);  // a mean over the whole batch
  }
  const auto send = [this](std::size_t layer) { shared_generator_->send_gradients(layer); };
  const FunctionRef<void(std::size_t)> sending(send);
  generator_.backward(std::as_const(latent_).view(), generator_record_, fake_gradient, Want{.input = false, .params = true},
                      scratch_, workspace_, shared_generator_ ? &sending : nullptr);
  report_.loss_g.push_back(result.loss);
  require_finite_loss(result.loss, "loss_g", generator_, shared_generator_.get());
  update(generator_, generator_adam_, shared_generator_.get(), 0.0);
}

void Trainer::require_finite_loss(double loss, const char* what, const Sequential& network, SharedParameters* shared) const {
  if (std::isfinite(loss)) return;
  const NamedArray* const tensor = shared != nullptr ? shared->first_non_finite_gradient() : first_non_finite_gradient(network);
  fail_diverged(concat("iteration ", iteration_ + 1, ": ", what, " is ", loss, ", first non-finite gradient: ",
                       tensor ? tensor->name : "none"));
}

void Trainer::update(Sequential& network, Adam& adam, SharedParameters* shared, double clip) {
  const Param* tensor = nullptr;
  if (shared != nullptr) {
    tensor = shared->update(clip);
  } else {
    network.sum_shard_gradients();
    const ProfileScope scope("Adam");
    tensor = adam.step();
  }
  if (tensor != nullptr) fail_diverged(concat("iteration ", iteration_ + 1, ": ", tensor->name, " holds a value that is not finite"));
  if (shared == nullptr) network.weights_updated(clip);
}

void Trainer::update_average() {
  const ProfileScope scope("average");
  const float keep = static_cast<float>(options_.ema_decay);
  if (shared_generator_) shared_generator_->blend(keep);
  averaged_chunks_.for_each([&](std::size_t array, std::int64_t begin, std::int64_t end) {
    const auto& [average, current] = averaged_arrays_[array];
    blend(keep, end - begin, current->value.data() + begin, average->value.data() + begin);
  });
}

void Trainer::collect() {
  if (!shared_generator_) return;
  shared_generator_->collect(generator_adam_);
  shared_discriminator_->collect(discriminator_adam_);
  collected_ = true;
}

void Trainer::distribute() {
  if (!shared_generator_) return;
  shared_generator_->distribute(generator_adam_);
  shared_discriminator_->distribute(discriminator_adam_);
}

std::int64_t Trainer::activation_floats() const {
  return latent_.floats() + generator_record_.floats() + discriminator_record_.floats() + scratch_.floats() +
         workspace_.floats();
}

}  // namespace pbgen
