#include "tools/lib/train/train_options.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/check.h"
#include "data/folder/image_folder.h"
#include "gan/losses.h"
#include "gan/settings.h"

namespace pbgen {
namespace {

// The default run: a few minutes on two cores.  Narrow where the paper's networks are widest, less so at the large maps, whose one-bit
// layers otherwise leave a grid on the images; the signs of the redundancies are those of Table I.  The discriminator's first
// convolution stays in float: in one bit, as under Setting H, it leaves a lattice of dots on every face.
constexpr NetworkDefaults kTrainDefaults{.binarized = {.generator = {1, 2, 3}, .discriminator = {2, 3, 4}},
                                         .setting_text = "none: layers 1-3 of the generator and 2-4 of the discriminator, with --ema 0.995",
                                         .g_widths = {128, 96, 32, 32},
                                         .d_widths = {32, 32, 64, 128}};
constexpr double kDefaultEma = 0.995;
constexpr std::int64_t kDefaultIterations = 3500;
constexpr const char* kOneListSetting = "H";  // has the other list where only one of --binarize-g and --binarize-d is given
constexpr const char* kPaperSetting = "A";  // of --preset paper

// What may change on resume.
constexpr std::array kFree{"iterations", "epochs", "sample_every", "swd_every", "swd_repeats", "checkpoint_every", "keep", "cache", "data",
                           "init_from"};

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

// Of --batch; says why.
Rule<int> lanes_rule() {
  return [](const int& batch) {
    const bool valid = batch >= kLanes && batch <= 4096 && batch % kLanes == 0;
    if (valid) return std::string();
    return concat("a multiple of ", kLanes, " from ", kLanes, " to 4096 (eight images share the lanes of a vector)");
  };
}

// The rule for a value that only a few numbers are.
Rule<int> one_of_numbers(std::vector<std::int64_t> numbers) {
  return [numbers = std::move(numbers)](const int& value) {
    return std::find(numbers.begin(), numbers.end(), value) != numbers.end() ? std::string() : "one of " + value_text(numbers);
  };
}

std::vector<std::int64_t> as_list(const std::array<int, 4>& widths) { return {widths.begin(), widths.end()}; }

std::array<int, 4> as_widths(const std::vector<std::int64_t>& list, const char* flag) {
  if (list.size() != 4) fail(ErrorKind::usage, flag, ": ", list.size(), " numbers, expected 4 with commas, such as 512,256,128,64");
  std::array<int, 4> widths{};
  std::copy(list.begin(), list.end(), widths.begin());
  return widths;
}

}  // namespace

void declare_network_flags(ArgumentParser& parser, TrainFlags& flags, const NetworkDefaults& defaults) {
  parser.add("--setting", &flags.setting, "A..H", "Table II: A none, B 1, C 2, D 3, E 4, F 1-3, G 1-4, H 1-3 and the discriminator")
      .default_text(defaults.setting_text);
  parser.add("--binarize-g", &flags.binarize_g, "LAYERS",
             "generator layers in one bit: none, all (1,2,3,4) or numbers; 0 is the linear layer; overrides --setting").in_config();
  parser.add("--binarize-d", &flags.binarize_d, "LAYERS",
             "discriminator layers in one bit: none, all or numbers 1 to 4; overrides --setting").in_config();
  parser.add("--bwn", &flags.bwn, "RECIPE",
             "how: pbgen (straight through the sign, exact through the scale), xnor (XNOR-Net's recipe) or port (pbgen with the scale of "
             "the authors' deconvolution, which divides by its output channels in place of its input channels: for an ablation)",
             one_of({"pbgen", "xnor", "port"})).in_config();
  parser.add("--size", &flags.size, "N", "image side: 16, 32, 64, 128, 256, 512 or 1024", one_of_numbers({16, 32, 64, 128, 256, 512, 1024}))
      .in_config();
  parser.add("--channels", &flags.channels, "N", "3 colour, 1 grey", one_of_numbers({1, 3})).in_config();
  parser.add("--z-dim", &flags.z_dim, "N", "components of a latent vector", in_range(1, 4096)).in_config();
  parser.add("--gf-dim", &flags.gf_dim, "N", "generator width: layers of 8N, 4N, 2N, N channels (the paper: 64)", in_range(1, 512));
  parser.add("--df-dim", &flags.df_dim, "N", "discriminator width: layers of N, 2N, 4N, 8N channels (the paper: 64)", in_range(1, 512));
  parser.add("--g-widths", &flags.g_widths, "c1,c2,c3,c4",
             "input channels of each deconvolution; overrides --gf-dim", each(in_range(1, 4096)))
      .in_config().default_text(value_text(as_list(defaults.g_widths)));
  parser.add("--d-widths", &flags.d_widths, "c1,c2,c3,c4",
             "output channels of each convolution; overrides --df-dim", each(in_range(1, 4096)))
      .in_config().default_text(value_text(as_list(defaults.d_widths)));
}

namespace {

void declare_data_flags(ArgumentParser& parser, TrainFlags& flags) {
  parser.section("Data");
  parser.add("--data", &flags.data, "DIR",
             concat("train on the images in DIR and below (", kImageExtensions, "), turned as their EXIF orientation says; without it, on "
                    "synthetic faces")).in_config();
  parser.add("--synthetic-images", &flags.synthetic_images, "N", "how many synthetic faces are drawn where there is no --data",
             in_range(64, 10'000'000)).in_config();
  parser.add("--crop", &flags.crop, "CROP",
             "WxH+X+Y, or center:S for a centred square of side S; without it, the largest centred square").in_config();
  parser.add("--celeba", &flags.celeba, "the crop for aligned CelebA: --crop 108x108+35+55");
  parser.add("--mirror", &flags.mirror, "mirror images at random").in_config();
  parser.add("--holdout", &flags.holdout, "SHARE",
             "share of the images kept for scoring, never trained on; at most 0.5", in_range(0.0, 0.5)).in_config();
  parser.add("--cache", &flags.cache, "DIR",
             "keep decoded images in a file in DIR and map it on the next run; without it they stay in memory").in_config();
  parser.add("--on-bad", &flags.on_bad, "RULE",
             "unreadable files: 1% stops where more than 1% are bad, skip goes on, fail stops at the first",
             one_of({"1%", "skip", "fail"})).in_config();
  parser.add("--contrast-stretch", &flags.contrast_stretch,
             "stretch each image to 0..255, as the reference code did by accident").in_config();
  parser.add("--no-shuffle", &flags.shuffle, "keep the order of the files, as the reference code did", false).in_config();
}

void declare_training_flags(ArgumentParser& parser, TrainFlags& flags) {
  parser.section("Training");
  parser.add("--iterations", &flags.iterations, "N", "iterations in all, each of --d-steps and --g-steps updates; overrides --epochs",
             in_range<std::int64_t>(1, kMaxIterations)).in_config().default_text(concat(kDefaultIterations));
  parser.add("--epochs", &flags.epochs, "N", "passes over the training images, in place of --iterations",
             all_of(more_than(0.0), in_range(0.0, 1e6))).in_config();
  parser.add("--batch", &flags.batch, "N", "images a step, a multiple of 8 up to 4096: eight share the lanes of a vector",
             lanes_rule()).in_config();
  parser.add("--loss", &flags.loss, "NAME",
             "dcgan (sigmoid cross-entropy), lsgan (least squares) or wgan (Wasserstein distance by a critic with clipped weights), which "
             "has defaults of its own: --d-steps 5 --g-steps 1 --clip 0.01 --lr 5e-5 --beta1 0 (Adam's nearest to its authors' RMSProp)",
             one_of({"dcgan", "lsgan", "wgan"})).in_config();
  parser.add("--lr", &flags.lr, "X", "Adam's learning rate", all_of(more_than(0.0), in_range(0.0, 1.0))).in_config();
  parser.add("--beta1", &flags.beta1, "X", "Adam's first decay", in_range(0.0, 0.999)).in_config();
  parser.add("--d-steps", &flags.d_steps, "N", "discriminator updates an iteration, each on another batch and another z",
             in_range(1, 100)).in_config();
  parser.add("--g-steps", &flags.g_steps, "N", "generator updates an iteration, all on the z of the last discriminator update",
             in_range(1, 100)).in_config();
  parser.add("--clip", &flags.clip, "X",
             "after each update clamp the discriminator's parameters to [-X, X], of one-bit layers the floats behind the bits; 0: off",
             in_range(0.0, 1000.0)).in_config();
  parser.add("--ema", &flags.ema, "DECAY",
             "sample from a running average of the generator, such as 0.999; 0: off", in_range(0.0, 0.999999))
      .in_config().default_text(concat(value_text(kDefaultEma), " where neither layers nor a preset are named, else 0"));
  parser.add("--seed", &flags.seed, "N", "decides every random number").in_config();
  parser.add("--threads", &flags.threads, "N",
             "threads that compute; results do not depend on it", in_range(1, 1024)).default_text("what the machine grants");
  parser.add("--conv", &flags.conv, "NAME",
             "how convolutions are computed: direct, or im2col, the definition: column matrices and gemm, equal but for rounding",
             one_of({"direct", "im2col"})).in_config();
}

void declare_run_flags(ArgumentParser& parser, TrainFlags& flags) {
  parser.section("Run");
  parser.add("--out", &flags.out, "DIR", "the run's folder").default_text("runs/<setting>-<loss>-<size>-NNN, the first free number");
  parser.add("--resume", &flags.resume, "WHAT",
             "go on from a checkpoint, or from a run's folder; auto: the newest one in --out or, without it, in the newest run of "
             "that name, and where there is none a new run begins, which "
             "a line says");
  parser.add("--init-from", &flags.init_from, "WHAT", "begin a new run from the weights of a checkpoint, or of a run's newest one")
      .in_config();
  parser.add("--force", &flags.force,
             "write into a folder that is not empty: an older run's checkpoints, samples and report there are removed, other files stay");
  parser.add("--dry-run", &flags.dry_run,
             "show layers, memory and time, and train nothing; of a large run the time is scaled from a smaller one, within seconds");
  parser.add("--sample-every", &flags.sample_every, "N",
             "iterations between sample grids, the end included; 0: never", in_range<std::int64_t>(0, kMaxIterations)).in_config();
  parser.add("--swd-every", &flags.swd_every, "N", "iterations between scores, the end included; 0: never",
             in_range<std::int64_t>(0, kMaxIterations)).in_config();
  parser.add("--swd-images", &flags.swd_images, "N",
             "images a set when scoring, 16 to 16384 (fewer where the held-out set is smaller)", in_range(16, 16384)).in_config();
  parser.add("--swd-repeats", &flags.swd_repeats, "N",
             "repetitions of the scores at the end, for their spread; the scores are in the run's folder, for programs in scores.json",
             in_range(1, 100)).in_config();
  parser.add("--bn-calibrate", &flags.bn_calibrate, "N",
             "before sampling and scoring, replace the moving statistics by exact ones over N batches; 0: off",
             in_range(0, 10000)).in_config();
  parser.add("--checkpoint-every", &flags.checkpoint_every, "N",
             "iterations between checkpoints; 0: only the final one and the best-scored one",
             in_range<std::int64_t>(0, kMaxIterations)).in_config();
  parser.add("--keep", &flags.keep, "K", "how many checkpoints of this run stay, besides the one with the best score",
             in_range(1, 1'000'000)).in_config();
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
  declare_network_flags(parser, flags, kTrainDefaults);
  declare_training_flags(parser, flags);
  declare_run_flags(parser, flags);
  parser.add_config_flag();
}

void resolve_network_flags(const ArgumentParser& parser, TrainFlags& flags, const NetworkDefaults& defaults) {
  const Setting setting = flags.setting.empty() ? defaults.binarized : parse_setting(flags.setting);
  if (!holds(parser, "--binarize-g", "--setting")) flags.binarize_g = setting.generator.to_string();
  if (!holds(parser, "--binarize-d", "--setting")) flags.binarize_d = setting.discriminator.to_string();
  flags.binarize_g = LayerSet::parse(flags.binarize_g, 0, "binarize_g").to_string();
  flags.binarize_d = LayerSet::parse(flags.binarize_d, 1, "binarize_d").to_string();
  if (!holds(parser, "--g-widths", "--gf-dim"))
    flags.g_widths = as_list(flags.gf_dim ? NetworkConfig::generator_widths(*flags.gf_dim) : defaults.g_widths);
  if (!holds(parser, "--d-widths", "--df-dim"))
    flags.d_widths = as_list(flags.df_dim ? NetworkConfig::discriminator_widths(*flags.df_dim) : defaults.d_widths);
  network_config(flags).validate();
}

void resolve_train_flags(const ArgumentParser& parser, TrainFlags& flags) {
  if (!flags.preset.empty()) {
    if (!parser.given("--size")) flags.size = 64;
    if (!parser.given("--z-dim")) flags.z_dim = 100;
    if (!parser.given("--gf-dim")) flags.gf_dim = 64;
    if (!parser.given("--df-dim")) flags.df_dim = 64;
    if (!parser.given("--batch")) flags.batch = 64;
    if (!parser.given("--lr")) flags.lr = 2e-4;
    if (!parser.given("--iterations") && !parser.given("--epochs")) flags.epochs = 25.0;
  }
  if (flags.loss == loss_name(Loss::wgan)) {
    if (!parser.given("--d-steps")) flags.d_steps = kCriticSteps;
    if (!parser.given("--g-steps")) flags.g_steps = kCriticGeneratorSteps;
    if (!parser.given("--clip")) flags.clip = kCriticClip;
    if (!parser.given("--lr")) flags.lr = kCriticLearningRate;
    if (!parser.given("--beta1")) flags.beta1 = kCriticBeta1;
    require_bounded_critic(Loss::wgan, flags.clip);
  }
  NetworkDefaults defaults = kTrainDefaults;
  if (!flags.preset.empty()) {
    defaults.binarized = parse_setting(kPaperSetting);
  } else if (parser.given("--binarize-g") || parser.given("--binarize-d")) {
    defaults.binarized = parse_setting(kOneListSetting);
  } else if (!parser.given("--setting") && !parser.given("--ema")) {
    flags.ema = kDefaultEma;
  }
  resolve_network_flags(parser, flags, defaults);
  if (flags.celeba) {
    if (parser.given_on_command_line("--crop")) fail(ErrorKind::usage, "--celeba is a crop of its own: leave out --crop or --celeba");
    flags.crop = to_string(kCelebaCrop);
  }
  static_cast<void>(parse_crop(flags.crop));
  if (flags.iterations && parser.given_on_command_line("--epochs") && !parser.given_on_command_line("--iterations"))
    flags.iterations.reset();
  if (flags.iterations && parser.given_on_command_line("--iterations")) flags.epochs.reset();
  if (!flags.iterations && !flags.epochs) flags.iterations = kDefaultIterations;
  if (parser.given_on_command_line("--resume") && parser.given_on_command_line("--init-from"))
    fail(ErrorKind::usage, "--resume goes on with a run, --init-from begins one: give one of them");
}

NetworkConfig network_config(const TrainFlags& flags) {
  NetworkConfig network;
  network.size = flags.size;
  network.channels = flags.channels;
  network.z_dim = flags.z_dim;
  network.g_widths = as_widths(flags.g_widths, "--g-widths");
  network.d_widths = as_widths(flags.d_widths, "--d-widths");
  network.binarized = {LayerSet::parse(flags.binarize_g, 0, "binarize_g"), LayerSet::parse(flags.binarize_d, 1, "binarize_d")};
  network.recipe = *recipe_named(flags.bwn);
  return network;
}

TrainerOptions trainer_options(const TrainFlags& flags) {
  TrainerOptions options;
  options.network = network_config(flags);
  options.loss = parse_loss(flags.loss);
  options.batch = flags.batch;
  options.d_steps = flags.d_steps;
  options.g_steps = flags.g_steps;
  options.clip = flags.clip;
  options.learning_rate = flags.lr;
  options.beta1 = flags.beta1;
  options.ema_decay = flags.ema;
  options.seed = flags.seed;
  return options;
}

Json run_identity(const ArgumentParser& parser) {
  const Json config = parser.config();
  Json identity = Json::object();
  for (const auto& [key, value] : config.as_object())
    if (std::find(kFree.begin(), kFree.end(), std::string_view(key)) == kFree.end()) identity.set(key, value);
  return identity;
}

void apply_identity(ArgumentParser& parser, const Json& identity, const std::string& checkpoint) {
  if (!identity.is_object()) fail(ErrorKind::model_file, checkpoint, ": the options in its notes are no object");
  const Json config = parser.config();
  for (const auto& [key, value] : identity.as_object())
    if (config.find(key) == nullptr)
      fail(ErrorKind::model_file, checkpoint, ": the options in its notes have the key ", Json(key.substr(0, 64)).text(),
           ", which belongs to no run that this build knows; take the build that wrote it");
  try {
    parser.apply_config(identity, checkpoint);
  } catch (const Error& error) {
    fail(ErrorKind::model_file, error.what());
  }
}

void require_same_run(const Json& identity, const Json& saved, const std::string& checkpoint) {
  TrainFlags flags;
  ArgumentParser defaults("train_gan", "what a run has that says nothing but its loss");
  declare_train_flags(defaults, flags);
  Json named = Json::object();
  named.set("setting", "A");
  defaults.apply_config(named, "defaults");  // a checkpoint names its layers, so that the default run's average is not its
  flags.loss = identity.find("loss")->as_string();
  resolve_train_flags(defaults, flags);
  const Json unsaid = run_identity(defaults);

  std::string differences;
  for (const auto& [key, value] : identity.as_object()) {
    const Json* const before = saved.find(key);
    // Before there was --conv, its default was another.
    if (before == nullptr && (key == "conv" || value == *unsaid.find(key))) continue;
    if (before != nullptr && *before == value) continue;
    differences += concat(differences.empty() ? "" : "; ", key, " ", value.text(), " (checkpoint: ", before ? before->text() : "none", ")");
  }
  if (!differences.empty()) {
    fail(ErrorKind::usage, "--resume ", checkpoint, ": a run goes on as it began; these differ: ", differences,
         ". Leave them out, or begin a new run with --init-from");
  }
}

}  // namespace pbgen
