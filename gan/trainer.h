// The training step: d_steps discriminator updates, each on real images and a z of its own, then g_steps generator updates on the z
// of the last of them.
//
// Work per iteration with d_steps = 1 and g_steps = 2, in units of one network pass: 16 (the first generator step reuses the
// discriminator step's fake batch, and the discriminator's weight gradients are not computed in the generator's steps).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/array_chunks.h"
#include "core/base/parallel.h"
#include "core/base/ranks.h"
#include "core/base/workspace.h"
#include "core/tensor/tensor.h"
#include "gan/losses.h"
#include "gan/networks.h"
#include "gan/sampler.h"
#include "gan/shared_parameters.h"
#include "layers/sequential.h"
#include "optim/adam.h"

namespace pbgen {

struct TrainerOptions {
  NetworkConfig network;
  Loss loss = Loss::dcgan;
  int batch = 64;       // a multiple of kLanes
  int shards = 1;       // parts of a batch in which its sums are made (core/base/ranks.h): a power of two that divides batch / kLanes
  int d_steps = 1;      // discriminator updates an iteration, 1 to 100
  int g_steps = 2;      // generator updates an iteration, 1 to 100
  double learning_rate = 2e-4;
  double beta1 = 0.5;
  double clip = 0.0;       // above 0: each discriminator update leaves all of its parameters in [-clip, clip]; wgan needs that
  double smooth = 0.0;     // weight of the generated images' roughness (roughness.h) in the generator's loss, 0 to 1000
  double ema_decay = 0.0;  // 0: no averaged generator; else in (0, 1)
  std::uint64_t seed = 0;  // initial weights, latent vectors
  bool operator==(const TrainerOptions&) const = default;
};

// InvalidOption where wgan's critic is without a bound.
void require_bounded_critic(Loss loss, double clip);

// InvalidOption, with the numbers that would do, where the shards do not divide the batch, or so many ranks not the shards.
void require_ranks_fit(const TrainerOptions& options, int ranks);

// The discriminator's figures are those of its last update.
struct StepReport {
  double loss_d = 0.0;             // on real plus on fake
  std::vector<double> loss_g;      // one a generator step, without the roughness
  double d_real = 0.0;             // mean output of the discriminator on the real batch (a probability under dcgan)
  double d_fake = 0.0;             // on the fake batch, before that update
};

class Trainer {
 public:
  static constexpr int kFixedLatents = 64;

  // Fresh weights drawn from the seed.  InvalidOption for options out of range, and for shards that the ranks do not divide.
  //
  // ranks: the processes that train together, each with a Trainer of the same options; they outlive it.  Every call but of const
  // functions is made by all of them, and takes this rank's images of a batch: the rank()-th part.
  explicit Trainer(const TrainerOptions& options, Ranks& ranks = one_process());

  // Yields the batch of the next discriminator update; what it yields stays as it is until the following call.
  using NextBatch = FunctionRef<ConstTensorView()>;

  // One iteration on real images in [-1, 1] (network.image_shape(batch_here())), d_steps batches of them; z of update u is images
  // u * batch .. of (seed, Stream::latent, iteration).  Error(diverged) naming the iteration and the tensor when a loss or a weight
  // is not finite; the trainer must not be used or saved after that.
  // The report stands until the next step.
  const StepReport& step(NextBatch next_real);
  // The same with the given z (network.latent_shape(batch)).
  const StepReport& step(NextBatch next_real, NextBatch next_z);
  // Every discriminator update takes the same batch.
  const StepReport& step(ConstTensorView real);
  const StepReport& step(ConstTensorView real, ConstTensorView z);

  // Several ranks keep the parameters, averages and moments in parts.  At rank 0 all arrays are whole from collect() to the next step: for
  // sampling and saving.
  void collect();
  // After a checkpoint was read into the arrays, at every rank.
  void distribute();

  const TrainerOptions& options() const { return options_; }
  Ranks& ranks() { return *sharing_.ranks; }
  int batch_here() const { return options_.batch / sharing_.ranks->count(); }
  std::int64_t iteration() const { return iteration_; }  // iterations done
  void set_iteration(std::int64_t iteration) { iteration_ = iteration; }

  Sequential& generator() { return generator_; }
  Sequential& discriminator() { return discriminator_; }
  // The averaged generator where ema_decay > 0, else null.
  Sequential* averaged_generator() { return averaged_.get(); }
  // What samples are drawn from: the averaged generator where there is one.  Through a copy (sampler.h): what is derived
  // from the average's weights is not remade in every step.
  Sequential& sampling_generator() { return averaged_ ? *averaged_ : generator_; }
  // Memory that a step fills anew and nobody needs between two steps.
  SamplerLoan idle_memory() { return {&generator_record_, &scratch_}; }
  Adam& generator_adam() { return generator_adam_; }
  Adam& discriminator_adam() { return discriminator_adam_; }
  // The latent vectors of all sample grids, [kFixedLatents][z_dim]; kept in checkpoints.
  NamedArray& fixed_latents() { return fixed_latents_; }

  // Floats that a step needs besides parameters: activations, gradients, scratch.
  std::int64_t activation_floats() const;

 private:
  // On the z in latent_.
  void discriminator_step(ConstTensorView real);
  void generator_step();
  // Error(diverged), naming the iteration and the first array of the network with a gradient that is not finite.
  void require_finite_loss(double loss, const char* what, const Sequential& network, SharedParameters* shared) const;
  // One step of its optimiser, or of its part of the ranks' (shared, null for one process), which leaves gradients of 0, then clipping
  // where clip > 0.  Error(diverged), naming the iteration and the first array with a value that is not finite.
  void update(Sequential& network, Adam& adam, SharedParameters* shared, double clip);
  void update_average();

  TrainerOptions options_;
  Sharing sharing_;
  Sequential generator_;
  Sequential discriminator_;
  std::unique_ptr<Sequential> averaged_;
  Adam generator_adam_;
  Adam discriminator_adam_;
  std::unique_ptr<SharedParameters> shared_generator_;  // null for one process
  std::unique_ptr<SharedParameters> shared_discriminator_;
  bool collected_ = false;
  NamedArray fixed_latents_;
  std::int64_t iteration_ = 0;
  StepReport report_;

  // What a step writes, made once: it allocates nothing.
  std::vector<float> drawn_;                                            // latent vectors, [batch][z_dim]
  std::vector<std::pair<NamedArray*, const NamedArray*>> averaged_arrays_;  // and the generator's
  ArrayChunks averaged_chunks_;
  Tensor latent_;
  Tensor logit_gradient_;
  Sequential::Record generator_record_;
  Sequential::Record discriminator_record_;
  Sequential::Scratch scratch_;
  Workspace workspace_;
};

}  // namespace pbgen
