#include "gan/losses.h"

#include <array>
#include <cmath>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/math.h"
#include "core/base/option_error.h"
#include "core/base/profile.h"

namespace pbgen {
namespace {

struct Term {
  double loss;
  double slope;
  double output;
};

Term cross_entropy(double logit, double target) {
  // e <= 1 never overflows; both probabilities keep all their digits however far out the logit is.
  const double e = exp_of(-std::fabs(logit));
  const double larger = 1.0 / (1.0 + e);
  const double smaller = e / (1.0 + e);
  const double real = logit >= 0.0 ? larger : smaller;
  const double fake = logit >= 0.0 ? smaller : larger;
  const double hinge = target * std::fmax(-logit, 0.0) + (1.0 - target) * std::fmax(logit, 0.0);
  return {hinge + log_of(1.0 + e), (1.0 - target) * real - target * fake, real};
}

Term least_squares(double output, double target) {
  const double distance = output - target;
  return {0.5 * distance * distance, distance, output};
}

Term critic(double output, double target) {
  const double slope = 1.0 - 2.0 * target;
  return {slope * output, slope, output};
}

Term term_of(Loss loss, double logit, double target) {
  switch (loss) {
    case Loss::dcgan: return cross_entropy(logit, target);
    case Loss::lsgan: return least_squares(logit, target);
    case Loss::wgan: return critic(logit, target);
  }
  return {};
}

}  // namespace

std::string_view loss_name(Loss loss) {
  switch (loss) {
    case Loss::dcgan: return "dcgan";
    case Loss::lsgan: return "lsgan";
    case Loss::wgan: return "wgan";
  }
  return "unknown";
}

Loss parse_loss(std::string_view name) {
  for (const Loss loss : {Loss::dcgan, Loss::lsgan, Loss::wgan})
    if (name == loss_name(loss)) return loss;
  throw InvalidOption("loss", name, "dcgan, lsgan or wgan");
}

LossResult loss_towards(Loss loss, ConstTensorView logits, double target, TensorView dlogits, const Sharing& sharing) {
  const ProfileScope scope("loss");
  const LaneShape expected{logits.shape.batch, 1, 1, 1};
  check_equal(logits.shape, expected, "shape of the logits");
  check_equal(dlogits.shape, expected, "shape of the logits' gradient");
  check(target >= 0.0 && target <= 1.0, "loss target is ", target, ", expected one in [0, 1]");
  const std::int64_t shard_images = logits.shape.batch / sharing.here();
  const double count = static_cast<double>(shard_images * sharing.shards);
  std::array<double, 4 * kMostShards> sums{};  // of the loss and of the output, for every shard
  for (std::int64_t i = 0; i < logits.shape.batch; ++i) {
    const Term term = term_of(loss, logits.data[i], target);
    double* const of_shard = sums.data() + 2 * (i / shard_images);
    of_shard[0] += term.loss;
    of_shard[1] += term.output;
    dlogits.data[i] = static_cast<float>(term.slope / count);
  }
  const double* const total = sum_shards(sharing, sums.data(), 2);
  return {total[0] / count, total[1] / count};
}

}  // namespace pbgen
