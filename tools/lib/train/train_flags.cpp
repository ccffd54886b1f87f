#include "tools/lib/train/train_flags.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/check.h"
#include "data/folder/image_folder.h"
#include "tools/lib/train/option_values.h"

namespace pbgen {
namespace {

// The default run: a few minutes on two cores.  Narrow where the paper's networks are widest, less so at the large maps; the signs of the
// redundancies are those of Table I.  The generator's layers in one bit are those of positive redundancy.  The discriminator's first
// convolution, whose redundancy is the lowest by far, stays in float: in one bit, as under Setting H, it leaves a lattice of dots on every
// face.  What each part of this brings over seeds: gan/PAPER.md.
constexpr NetworkDefaults kTrainDefaults{.binarized = {.generator = {1, 2}, .discriminator = {2, 3, 4}},
                                         .setting_text = "generator 1,2 and discriminator 2,3,4",
                                         .g_widths = {128, 96, 32, 32},
                                         .d_widths = {32, 32, 64, 128}};
constexpr double kDefaultBeta1 = 0.0;
constexpr double kDefaultSmooth = 6.0;
constexpr double kDefaultEma = 0.998;

// How a flag's help says what the default run has, and every other.
std::string default_and_else(double of_default_run, double else_value) {
  return concat(value_text(of_default_run), " where neither layers nor a preset are named, else ", value_text(else_value));
}
constexpr const char* kOneListSetting = "H";  // has the other list where only one of --binarize-g and --binarize-d is given
constexpr const char* kPaperSetting = "A";  // of --preset paper

// Which of two ways of saying the same thing holds: the more specific one, but the command line before the configuration.
bool holds(const ArgumentParser& parser, const char* specific, const char* general) {
  if (parser.given_on_command_line(specific)) return true;
  if (parser.given_on_command_line(general)) return false;
  return parser.given(specific);
}

// What --loss wgan has unless a flag says otherwise.
constexpr double kCriticBeta1 = 0.0;
constexpr double kCriticLearningRate = 5e-5;
constexpr int kCriticSteps = 5;
constexpr int kCriticGeneratorSteps = 1;
constexpr double kCriticClip = 0.01;

// The rule of --batch; says why.
Rule<int> lanes_rule() {
  return [](const int& batch) {
    const bool valid = batch >= kLanes && batch <= 4096 && batch % kLanes == 0;
    if (valid) return std::string();
    return concat("a multiple of ", kLanes, " from ", kLanes, " to 4096 (eight images share the lanes of a vector)");
  };
}

// The rule of --shards by itself.
Rule<int> power_of_two_rule() {
  return [](const int& value) {
    const bool valid = value >= 1 && value <= kMostShards && (value & (value - 1)) == 0;
    return valid ? std::string() : concat("a power of two from 1 to ", kMostShards);
  };
}

// The rule for a value that only a few numbers are.
Rule<int> one_of_numbers(std::vector<std::int64_t> numbers) {
  return [numbers = std::move(numbers)](const int& value) {
    return std::find(numbers.begin(), numbers.end(), value) != numbers.end() ? std::string() : "one of " + value_text(numbers);
  };
}

// The rule of --binarize-d: the discriminator has no layer 0 that could be in one bit.
Rule<LayerSet> convolutions_rule() {
  return [](const LayerSet& layers) {
    return layers.contains(0) ? std::string("none, all, or different layer numbers from 1 to 4 with commas, such as 1,2,3") : std::string();
  };
}

}  // namespace

void declare_network_flags(ArgumentParser& parser, NetworkConfig& said, NetworkWords& words, const NetworkDefaults& defaults) {
  parser.add("--setting", &words.setting, "NAME",
             "Table II: A none, B 1, C 2, D 3, E 4, F 1-3, G 1-4, H 1-3 and the discriminator; or inner, ours: H, but the discriminator's "
             "layer 1 in float")
      .suggest({"A", "B", "C", "D", "E", "F", "G", "H", "inner"})
      .default_text(defaults.setting_text);
  parser.add("--binarize-g", &said.binarized.generator, "LAYERS",
             "generator layers in one bit: none, all (1,2,3,4) or numbers; 0 is the linear layer; overrides --setting")
      .suggest({"none", "all"}).in_config().default_text("");
  parser.add("--binarize-d", &said.binarized.discriminator, "LAYERS",
             "discriminator layers in one bit: none, all or numbers 1 to 4; overrides --setting", convolutions_rule())
      .suggest({"none", "all"}).in_config().default_text("");
  parser.add("--bwn", &said.recipe, "RECIPE",
             "how: pbgen (straight through the sign, exact through the scale), xnor (XNOR-Net's recipe) or port (pbgen with the scale of "
             "the authors' deconvolution, which divides by its output channels in place of its input channels: for an ablation)")
      .in_config();
  parser.add("--size", &said.size, "N", "image side: 16, 32, 64, 128, 256, 512 or 1024", one_of_numbers({16, 32, 64, 128, 256, 512, 1024}))
      .in_config();
  parser.add("--channels", &said.channels, "N", "3 colour, 1 grey", one_of_numbers({1, 3})).in_config();
  parser.add("--z-dim", &said.z_dim, "N", "components of a latent vector", in_range(1, 4096)).in_config();
  parser.add("--gf-dim", &words.gf_dim, "N", "generator width: layers of 8N, 4N, 2N, N channels (the paper: 64)", in_range(1, 512));
  parser.add("--df-dim", &words.df_dim, "N", "discriminator width: layers of N, 2N, 4N, 8N channels (the paper: 64)", in_range(1, 512));
  parser.add("--g-widths", &said.g_widths, "c1,c2,c3,c4",
             "input channels of each deconvolution; overrides --gf-dim", each(in_range(1, 4096)))
      .in_config().default_text(value_text(defaults.g_widths));
  parser.add("--d-widths", &said.d_widths, "c1,c2,c3,c4",
             "output channels of each convolution; overrides --df-dim", each(in_range(1, 4096)))
      .in_config().default_text(value_text(defaults.d_widths));
}

namespace {

void declare_data_flags(ArgumentParser& parser, TrainFlags& flags) {
  parser.section("Data");
  parser.add("--data", &flags.said.data.folder, "DIR",
             concat("train on the images in DIR and below (", kImageExtensions, "), turned as their EXIF orientation says; without it, on "
                    "synthetic faces")).in_config();
  parser.add("--synthetic-images", &flags.said.data.synthetic_images, "N", "how many synthetic faces are drawn where there is no --data",
             in_range(64, 10'000'000)).in_config();
  parser.add("--crop", &flags.said.data.crop, "CROP",
             "WxH+X+Y, or center:S for a centred square of side S; without it, the largest centred square").in_config();
  parser.add("--celeba", &flags.celeba, "the crop for aligned CelebA: --crop 108x108+35+55");
  parser.add("--mirror", &flags.said.data.mirror, "mirror images at random").in_config();
  parser.add("--holdout", &flags.said.data.holdout, "SHARE",
             "share of the images kept for scoring, never trained on; at most 0.5", in_range(0.0, 0.5)).in_config();
  parser.add("--cache", &flags.said.data.cache, "DIR",
             "keep decoded images in a file in DIR and map it on the next run; without it they stay in memory").in_config();
  parser.add("--on-bad", &flags.said.data.on_bad, "RULE",
             "unreadable files: 1% stops where more than 1% are bad, skip goes on, fail stops at the first").in_config();
  parser.add("--contrast-stretch", &flags.said.data.contrast_stretch,
             "stretch each image to 0..255, as the reference code did by accident").in_config();
  parser.add("--no-shuffle", &flags.said.data.shuffle, "keep the order of the files, as the reference code did", false).in_config();
}

void declare_training_flags(ArgumentParser& parser, TrainFlags& flags) {
  parser.section("Training");
  parser.add("--iterations", &flags.said.cadence.iterations, "N",
             "iterations in all, each of --d-steps and --g-steps updates; overrides --epochs",
             in_range<std::int64_t>(1, kMaxIterations)).in_config()
      .default_text(concat(kDefaultIterations, ", or one pass over the training images where that is more"));
  parser.add("--epochs", &flags.said.cadence.epochs, "N", "passes over the training images, in place of --iterations",
             all_of(more_than(0.0), in_range(0.0, 1e6))).in_config();
  parser.add("--batch", &flags.said.trainer.batch, "N", "images a step, a multiple of 8 up to 4096: eight share the lanes of a vector",
             lanes_rule()).in_config();
  parser.add("--shards", &flags.said.trainer.shards, "N",
             "parts of a batch in which its sums are made: a power of two that divides the batch in slices of eight. It decides the "
             "rounding, so that it is part of what a run is: one process, or up to N ranks of mpirun, then write the same bytes",
             power_of_two_rule())
      .in_config();
  parser.add("--loss", &flags.said.trainer.loss, "NAME",
             "dcgan (sigmoid cross-entropy), lsgan (least squares) or wgan (Wasserstein distance by a critic with clipped weights), which "
             "has defaults of its own: --d-steps 5 --g-steps 1 --clip 0.01 --lr 5e-5 --beta1 0 (Adam's nearest to its authors' RMSProp)")
      .in_config();
  parser.add("--lr", &flags.said.trainer.learning_rate, "X", "Adam's learning rate", all_of(more_than(0.0), in_range(0.0, 1.0)))
      .in_config();
  parser.add("--beta1", &flags.said.trainer.beta1, "X", "Adam's first decay", in_range(0.0, 0.999))
      .in_config().default_text(default_and_else(kDefaultBeta1, TrainerOptions().beta1));
  parser.add("--d-steps", &flags.said.trainer.d_steps, "N", "discriminator updates an iteration, each on another batch and another z",
             in_range(1, 100)).in_config();
  parser.add("--g-steps", &flags.said.trainer.g_steps, "N", "generator updates an iteration, all on the z of the last discriminator update",
             in_range(1, 100)).in_config();
  parser.add("--clip", &flags.said.trainer.clip, "X",
             "after each update clamp the discriminator's parameters to [-X, X], of one-bit layers the floats behind the bits; 0: off",
             in_range(0.0, 1000.0)).in_config();
  parser.add("--smooth", &flags.said.trainer.smooth, "X",
             "weight of the generated images' roughness in the generator's loss, such as 6 at 64x64 and 2 at 32x32: takes away the lattice "
             "of dots that strided deconvolutions leave, and noise; 0: off",
             in_range(0.0, 1000.0))
      .in_config().default_text(default_and_else(kDefaultSmooth, TrainerOptions().smooth));
  parser.add("--ema", &flags.said.trainer.ema_decay, "DECAY",
             "sample from a running average of the generator, such as 0.999; 0: off", in_range(0.0, 0.999999))
      .in_config().default_text(default_and_else(kDefaultEma, TrainerOptions().ema_decay));
  parser.add("--seed", &flags.said.trainer.seed, "N", "decides every random number").in_config();
  parser.add("--threads", &flags.threads, "N",
             "threads that compute; results do not depend on it", in_range(1, 1024)).default_text("what the machine grants");
  parser.add("--conv", &flags.said.conv, "NAME",
             "how convolutions are computed: direct; winograd, which multiplies less and rounds a little more; im2col, the definition: "
             "column matrices and gemm; auto: winograd where that is faster; equal but for rounding")
      .in_config();
  parser.add("--isa", &flags.said.isa, "NAME",
             concat("the kernels' instruction set, which decides the rounding: auto, ", isa_names(), "; auto takes what PBGEN_ISA says or, "
                    "without it, avx512 where multiply-adds then run clearly faster, which it measures for some milliseconds. A run keeps "
                    "what it began with; this flag changes it on --resume")).in_config();
}

void declare_run_flags(ArgumentParser& parser, TrainFlags& flags) {
  parser.section("Run");
  parser.add("--out", &flags.out, "DIR", "the run's folder").default_text("runs/<setting>-<loss>-<size>-NNN, the first free number");
  parser.add("--resume", &flags.resume, "WHAT",
             "go on from a checkpoint, or from a run's folder; auto: the newest one in --out or, without it, in the newest run of "
             "that name, and where there is none a new run begins, which "
             "a line says")
      .path()
      .suggest({"auto"});
  parser.add("--init-from", &flags.said.init_from, "WHAT", "begin a new run from the weights of a checkpoint, or of a run's newest one")
      .path()
      .in_config();
  parser.add("--force", &flags.force,
             "write into a folder that is not empty: an older run's checkpoints, samples and report there are removed, other files stay");
  parser.add("--dry-run", &flags.dry_run,
             "show layers, memory and time, and train nothing; of a large run the time is scaled from a smaller one, within seconds");
  parser.add("--sample-every", &flags.said.cadence.sample_every, "N",
             "iterations between sample grids, the end included; 0: never", in_range<std::int64_t>(0, kMaxIterations)).in_config();
  parser.add("--swd-every", &flags.said.cadence.swd_every, "N", "iterations between scores, the end included; 0: never",
             in_range<std::int64_t>(0, kMaxIterations)).in_config();
  parser.add("--swd-images", &flags.said.scoring.images, "N",
             "images a set when scoring, 16 to 16384 (fewer where the held-out set is smaller)", in_range(16, 16384)).in_config();
  parser.add("--swd-repeats", &flags.said.scoring.repeats, "N",
             "repetitions of the scores at the end, for their spread; the scores are in the run's folder, for programs in scores.json",
             in_range(1, 100)).in_config();
  parser.add("--bn-calibrate", &flags.said.scoring.calibration_batches, "N",
             "before sampling and scoring, replace the moving statistics by exact ones over N batches; 0: off",
             in_range(0, 10000)).in_config();
  parser.add("--checkpoint-every", &flags.said.cadence.checkpoint_every, "N",
             "iterations between checkpoints; 0: only the final one and the best-scored one",
             in_range<std::int64_t>(0, kMaxIterations)).in_config();
  parser.add("--keep", &flags.said.cadence.keep, "K", "how many checkpoints of this run stay, besides the one with the best score",
             in_range(1, 1'000'000)).in_config();
  parser.add("--mpi-timeout", &flags.mpi_timeout, "SECONDS",
             "under mpirun (make MPI=1): a rank that others wait for so long, and that does not answer in the last 5 s of it, ends the "
             "run; one that is merely slow does not",
             in_range(1.0, 86400.0));
  parser.add("--ranks", &flags.ranks, "N", "with --dry-run: predict the time of N ranks of mpirun, each a machine like this one",
             in_range(1, kMostShards));
  parser.add("--bandwidth", &flags.bandwidth, "GBIT", "with --ranks: what the network carries from each rank, in Gbit/s",
             in_range(0.001, 1e6));
  parser.add("--profile", &flags.profile,
             "at the end show where each millisecond of an iteration went; profile.txt in the run's folder keeps it");
}

}  // namespace

void declare_train_flags(ArgumentParser& parser, TrainFlags& flags) {
  declare_data_flags(parser, flags);
  parser.section("Network");
  parser.add("--preset", &flags.preset, "NAME",
             "paper: 64x64, gf = df = 64, z 100, batch 64, lr 2e-4, 25 epochs, Setting A; flags given win over it (for CelebA add "
             "--celeba)",
             one_of({"paper"}));
  declare_network_flags(parser, flags.said.trainer.network, flags.network, kTrainDefaults);
  declare_training_flags(parser, flags);
  declare_run_flags(parser, flags);
  parser.add_config_flag();
}

NetworkConfig network_config(const ArgumentParser& parser, const NetworkConfig& said, const NetworkWords& words,
                             const NetworkDefaults& defaults) {
  NetworkConfig network = said;
  const Setting setting = words.setting.value_or(defaults.binarized);
  if (!holds(parser, "--binarize-g", "--setting")) network.binarized.generator = setting.generator;
  if (!holds(parser, "--binarize-d", "--setting")) network.binarized.discriminator = setting.discriminator;
  if (!holds(parser, "--g-widths", "--gf-dim"))
    network.g_widths = words.gf_dim ? NetworkConfig::generator_widths(*words.gf_dim) : defaults.g_widths;
  if (!holds(parser, "--d-widths", "--df-dim"))
    network.d_widths = words.df_dim ? NetworkConfig::discriminator_widths(*words.df_dim) : defaults.d_widths;
  network.validate();
  return network;
}

RunConfig run_config(const ArgumentParser& parser, const TrainFlags& flags) {
  RunConfig config = flags.said;
  TrainerOptions& trainer = config.trainer;
  Cadence& cadence = config.cadence;
  NetworkWords words = flags.network;
  if (!flags.preset.empty()) {
    if (!parser.given("--size")) trainer.network.size = 64;
    if (!parser.given("--z-dim")) trainer.network.z_dim = 100;
    if (!parser.given("--gf-dim")) words.gf_dim = 64;
    if (!parser.given("--df-dim")) words.df_dim = 64;
    if (!parser.given("--batch")) trainer.batch = 64;
    if (!parser.given("--lr")) trainer.learning_rate = 2e-4;
    if (!parser.given("--iterations") && !parser.given("--epochs")) cadence.epochs = 25.0;
  }
  if (trainer.loss == Loss::wgan) {
    if (!parser.given("--d-steps")) trainer.d_steps = kCriticSteps;
    if (!parser.given("--g-steps")) trainer.g_steps = kCriticGeneratorSteps;
    if (!parser.given("--clip")) trainer.clip = kCriticClip;
    if (!parser.given("--lr")) trainer.learning_rate = kCriticLearningRate;
    if (!parser.given("--beta1")) trainer.beta1 = kCriticBeta1;
    require_bounded_critic(Loss::wgan, trainer.clip);
  }
  NetworkDefaults defaults = kTrainDefaults;
  if (!flags.preset.empty()) {
    defaults.binarized = parse_setting(kPaperSetting);
  } else if (parser.given("--binarize-g") || parser.given("--binarize-d")) {
    defaults.binarized = parse_setting(kOneListSetting);
  } else if (!words.setting) {
    if (!parser.given("--ema")) trainer.ema_decay = kDefaultEma;
    if (trainer.loss != Loss::wgan) {  // whose gradients are of another size
      if (!parser.given("--beta1")) trainer.beta1 = kDefaultBeta1;
      if (!parser.given("--smooth")) trainer.smooth = kDefaultSmooth;
    }
  }
  trainer.network = network_config(parser, trainer.network, words, defaults);
  if (flags.celeba) {
    if (parser.given_on_command_line("--crop")) fail(ErrorKind::usage, "--celeba is a crop of its own: leave out --crop or --celeba");
    config.data.crop = kCelebaCrop;
  }
  // One of the two says how long; a configuration gives way to the command line.
  const bool epochs_asked_for = parser.given_on_command_line("--epochs") && !parser.given_on_command_line("--iterations");
  if (cadence.iterations && epochs_asked_for) cadence.iterations.reset();
  if (cadence.iterations) cadence.epochs.reset();
  for (const char* const of_a_plan : {"--ranks", "--bandwidth"})
    if (parser.given_on_command_line(of_a_plan) && !flags.dry_run)
      fail(ErrorKind::usage, of_a_plan, " is for --dry-run; mpirun -n says on how many ranks a run trains");
  if (parser.given_on_command_line("--resume") && parser.given_on_command_line("--init-from"))
    fail(ErrorKind::usage, "--resume goes on with a run, --init-from begins one: give one of them");
  return config;
}

}  // namespace pbgen
