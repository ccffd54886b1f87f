// The games: sigmoid cross-entropy on logits (dcgan), least squares on raw outputs (lsgan), and the estimate of a Wasserstein
// distance by a critic, the mean of its raw outputs (wgan).
//
// Sources: Goodfellow et al. 2014 with the non-saturating generator loss; Mao et al., "Least squares GAN", ICCV 2017; Arjovsky et al.,
// "Wasserstein GAN", ICML 2017, algorithm 1.
#pragma once

#include <string_view>

#include "core/base/ranks.h"
#include "core/tensor/tensor.h"

namespace pbgen {

enum class Loss { dcgan, lsgan, wgan };

// "dcgan", "lsgan" or "wgan".
std::string_view loss_name(Loss loss);
// The inverse; any other name is an InvalidOption.
Loss parse_loss(std::string_view name);

struct LossResult {
  double loss = 0.0;         // mean over the batch
  double mean_output = 0.0;  // mean of what the discriminator says: a probability (dcgan), the raw output (lsgan, wgan)
};

// The loss that pulls every logit towards target: 1 for real images in the discriminator's loss and for generated ones in
// the generator's, 0 for generated ones in the discriminator's, which is the sum of its two.
//   dcgan  mean of -target log sigmoid(x) - (1 - target) log(1 - sigmoid(x))
//   lsgan  mean of (x - target)^2 / 2
//   wgan   mean of (1 - 2 target) x: the discriminator's sum is mean D(fake) - mean D(real), the generator's loss is -mean D(fake)
// logits: batch x 1 x 1 x 1.  dlogits: the same shape, overwritten with the gradient of the mean; may be logits itself.
// Sums run in double in the order of the images; every finite logit gives a finite loss.  std::logic_error for a target
// outside [0, 1].
// sharing: how the batch is cut of which the logits are this process's part; both results are of the whole batch, and so is the mean whose
// gradient this is.
LossResult loss_towards(Loss loss, ConstTensorView logits, double target, TensorView dlogits, const Sharing& sharing = {});

}  // namespace pbgen
