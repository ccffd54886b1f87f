// Writes a trained generator as a small model for the edge: ./tools/export --help.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "gan/checkpoint.h"
#include "gan/expanded_generator.h"
#include "gan/folded_generator.h"
#include "gan/packed_model.h"
#include "gan/sampler.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/exit.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/output_path.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/html/model_page.h"
#include "tools/lib/model/export_report.h"
#include "tools/lib/runs/checkpoint_path.h"
#include "tools/lib/runs/scored_checkpoint.h"

namespace pbgen {
namespace {

struct Options {
  std::string checkpoint;
  std::string out;
  std::string to = "packed";
  std::string linear_precision = "float";
  bool prepacked = false;
  std::string web;     // a folder
  std::string beside;  // a model
  bool page_alone = false;  // of a model that is exported already
  int bn_calibrate = kCalibrationBatches;
  std::uint64_t seed = 1;
  bool best = false;
  bool force = false;
  int threads = 0;
};

// What a format's files are called.
std::string ending_of(const std::string& format) { return format == "packed" ? ".pbgen" : "." + format; }

// A file is what its name says: --to and the name's ending agree, and without --to the ending decides.  Error(usage).
void settle_format(bool to_given, Options& options) {
  const std::string ending = name_ending(options.out);
  if (ending.empty()) return;
  for (const char* const format : {"packed", "safetensors", "npz"}) {
    if (ending != ending_of(format)) continue;
    if (to_given && options.to != format)
      fail(ErrorKind::usage, "--out ", options.out, " says another format than --to ", options.to, ", whose files end in ",
           ending_of(options.to));
    options.to = format;
    return;
  }
  fail(ErrorKind::usage, "--out ", options.out, ": no format that is written has the ending ", ending,
       "; it is .pbgen for generate, swd_eval and libpbgen, .safetensors or .npz for other programs");
}

// Where the user names no file: in the page's folder, where there is to be a page; else beside the run, or beside a checkpoint that lies
// elsewhere.  The iteration is part of the name, so that a model tells what it was made of.
std::string default_output(const std::string& checkpoint, const Options& options) {
  const std::string kind = options.to != "packed"
                               ? "-weights"
                               : concat(options.linear_precision == "half" ? "-half" : "", options.prepacked ? "-prepacked" : "");
  std::string beside = output_beside(checkpoint, concat(kind, ending_of(options.to)));
  if (options.web.empty()) return beside;
  return (std::filesystem::path(options.web) / std::filesystem::path(beside).filename()).string();
}

// What --web takes as it is.
bool is_exported(const std::string& path) {
  std::error_code error;
  return name_ending(path) == ".pbgen" && std::filesystem::is_regular_file(path, error);
}

// False where help was asked for.
bool parse(int argc, char** argv, Options& options) {
  ArgumentParser parser("export", "writes a trained generator as a small model for the edge, or as plain weights",
                        "CHECKPOINT is a file that train_gan wrote, or a run's folder, whose newest checkpoint is taken.  The model "
                        "holds the generator alone: binarized layers one bit a weight, biases and batch normalisation folded into a "
                        "scale and a shift.  It is a safetensors file; gan/packed_model.h describes it.  generate takes it in place of "
                        "the checkpoint.\n"
                        "--to safetensors and --to npz write float weights and biases for other programs, with everything folded in: "
                        "what is left is a linear layer, ReLU, four transposed convolutions and tanh (gan/expanded_generator.h).  "
                        "tools/load_generator.py loads all three formats in numpy or PyTorch and compares its images with generate's.");
  parser.positional("CHECKPOINT", &options.checkpoint, "a checkpoint, or a run's folder").path();
  parser.add("--out", &options.out, "FILE", "the model; a name that ends in .pbgen, .safetensors or .npz decides what is written")
      .short_name("-o")
      .default_text("RUN/ITERATION.pbgen; -half.pbgen, -prepacked.pbgen, -weights.safetensors or -weights.npz as is asked for; with "
                    "--web in DIR");
  parser.add("--to", &options.to, "FORMAT", "packed, for generate, swd_eval and libpbgen; safetensors or npz, for other programs",
             one_of({"packed", "safetensors", "npz"}))
      .default_text("what FILE's ending says, or packed");
  parser.add("--linear-precision", &options.linear_precision, "NAME",
             "the linear layer's weights, unless they are in one bit: float, or half", one_of({"float", "half"}));
  parser.add("--prepacked", &options.prepacked,
             "one-bit layers as the kernels read them: a third more bytes, but a device leaves them in flash and needs no memory for "
             "them, and opens the model sooner; the images are the same");
  parser.add("--web", &options.web, "DIR",
             "also write a page that draws with the model in a browser, DIR/index.html: one file, opened from disk or served.  "
             "CHECKPOINT may then be an exported model");
  parser.add("--beside", &options.beside, "MODEL", "with --web: an exported model that the page shows beside it");
  parser.add("--best", &options.best, "of a run's folder the checkpoint with the best score in place of the newest");
  parser.add("--bn-calibrate", &options.bn_calibrate, "N", "replace the moving statistics by exact ones over N batches of 64; 0: off",
             in_range(0, 10000));
  parser.add("--seed", &options.seed, "S", "which batches --bn-calibrate draws");
  parser.add("--force", &options.force, "replace FILE, and the page, where they exist");
  parser.add("--threads", &options.threads, "N", "threads that compute; the model does not depend on it", in_range(1, 1024))
      .default_text("what the machine grants");
  parser.example("./tools/export runs/g12-d234-dcgan-64-001 -o faces.pbgen", "the newest checkpoint's generator");
  parser.example("./tools/export runs/g12-d234-dcgan-64-001 -o faces.pbgen --linear-precision half", "its linear layer in half the bytes");
  parser.example("./tools/export runs/g12-d234-dcgan-64-001 -o faces.pbgen --prepacked", "for a device that has little memory");
  parser.example("./tools/export runs/g12-d234-dcgan-64-001 -o faces.npz --to npz", "plain float weights for numpy.load");
  parser.example("./tools/export faces.pbgen --web page", "page/index.html draws with it in a browser");
  parser.example("./tools/generate faces.pbgen --n 64 --grid grid.png", "images from the model");
  if (!parser.parse(argc, argv)) return false;
  settle_format(parser.given("--to"), options);
  if (options.to != "packed" && options.linear_precision == "half")
    fail(ErrorKind::usage, "--linear-precision half: --to ", options.to, " writes 32 bits a weight; leave one of them away");
  if (options.to != "packed" && !options.web.empty())
    fail(ErrorKind::usage, "--web: the page draws exported models, which --to packed writes; leave --to ", options.to, " away");
  if (!options.beside.empty() && options.web.empty()) fail(ErrorKind::usage, "--beside: wants --web DIR, where the page is written");
  if (options.to != "packed" && options.prepacked)
    fail(ErrorKind::usage, "--prepacked: --to ", options.to, " writes 32 bits a weight; leave one of them away");
  options.page_alone = !options.web.empty() && is_exported(options.checkpoint);
  if (options.page_alone)
    for (const char* const flag : {"--out", "--linear-precision", "--prepacked", "--best", "--bn-calibrate", "--seed"})
      if (parser.given(flag))
        fail(ErrorKind::usage, flag, ": ", options.checkpoint, " is exported already: with --web it goes into the page as it is; leave ",
             flag, " away");
  return true;
}

// What is to be said of the file that was written.
struct Written {
  std::int64_t bytes;   // the whole file
  std::string weights;  // "linear layer in half"
  std::string parts;
};

Written write_packed(const Options& options, const FoldedGenerator& generator, const PackedModelOptions& packing) {
  save_packed_model(options.out, generator, packing, existing_output(options.force));
  const bool one_bit = generator.config.binarized.generator.contains(0);
  const std::string more = smaller_linear_layer(generator.config, packing);
  return {packed_model_bytes(generator.config, packing), "linear layer in " + (one_bit ? "one bit" : options.linear_precision),
          concat(printed_table(export_table(generator.config, packing)), more.empty() ? "" : "\n", more, "\n", device_memory(options.out))};
}

Written write_expanded(const Options& options, const FoldedGenerator& generator) {
  const ExpandedFormat format = options.to == "npz" ? ExpandedFormat::npz : ExpandedFormat::safetensors;
  save_expanded_generator(options.out, generator, format, existing_output(options.force));
  const std::int64_t bytes = expanded_generator_bytes(generator.config, format);
  const std::int64_t packed = packed_model_bytes(generator.config);
  const double ratio = static_cast<double>(bytes) / static_cast<double>(packed);
  return {bytes, "every weight expanded to 32 bits",
          concat("Weights for other programs: generate and swd_eval take what --to packed writes, ", packed, " bytes (",
                 fixed_text(ratio, 2), "x smaller).\n")};
}

// The page that --web asks for.
class WebPage {
 public:
  // Before the work begins, what would hinder it: Error.
  WebPage(const Options& options, const std::vector<std::string>& inputs)
      : path_((std::filesystem::path(options.web) / "index.html").string()), force_(options.force) {
    require_free_output("--web", path_, options.force, inputs);
    page_ = ModelPage::find();
    if (!options.beside.empty()) beside_ = PackedModel::load(options.beside);
    beside_name_ = std::filesystem::path(options.beside).filename().string();
  }

  // model: a file that was verified, or just written.
  void write(const std::string& model) {
    page_->add(std::filesystem::path(model).filename().string(), PackedModel::load(model).bytes());
    if (beside_) page_->add(beside_name_, beside_->bytes());
    const std::string text = page_->text();
    write_file_atomically(path_, text, existing_output(force_));
    say(stdout, path_, ": ", text.size(), " bytes; open it in a browser");
  }

 private:
  std::string path_;
  bool force_;
  std::optional<ModelPage> page_;
  std::optional<PackedModel> beside_;
  std::string beside_name_;
};

void export_checkpoint(Options& options) {
  const std::string path = chosen_checkpoint(options.checkpoint, options.best);
  if (options.out.empty()) options.out = default_output(path, options);
  require_free_output("--out", options.out, options.force, {path, options.beside});
  std::optional<WebPage> page;
  if (!options.web.empty()) page.emplace(options, std::vector<std::string>{path, options.beside});
  const Checkpoint checkpoint = Checkpoint::load(path);
  const NetworkConfig& network = checkpoint.network();
  PackedModelOptions packing;
  if (options.linear_precision == "half") packing.linear = LinearPrecision::half;
  packing.prepacked = options.prepacked;
  if (packing.prepacked && network.binarized.generator.empty())
    fail(ErrorKind::usage, "--prepacked: no layer of this generator is in one bit: leave it out");
  if (packing.linear == LinearPrecision::half && network.binarized.generator.contains(0))
    fail(ErrorKind::usage, "--linear-precision half: this generator's linear layer is in one bit: leave it out");

  Sampler sampler(network, checkpoint.generator());
  if (options.bn_calibrate > 0) sampler.calibrate(options.bn_calibrate, kCalibrationBatch, options.seed);
  const FoldedGenerator generator = fold_generator(sampler.network(), network);
  const Written written = options.to == "packed" ? write_packed(options, generator, packing) : write_expanded(options, generator);
  say(stdout, options.out, ": ", written.bytes, " bytes; the generator of ", path);
  say(stdout, "setting ", setting_name(network.binarized), " (in one bit: ", network.binarized.generator.to_string(), "), ", network.size,
      "x", network.size, "x", network.channels, ", widths ",
      value_text(std::vector<std::int64_t>(network.g_widths.begin(), network.g_widths.end())), ", ", written.weights);
  std::printf("\n%s", written.parts.c_str());
  if (page) {
    std::printf("\n");
    page->write(options.out);
  }
}

int run(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) return 0;
  if (options.threads > 0) set_thread_count(options.threads);
  if (options.page_alone) WebPage(options, {options.checkpoint, options.beside}).write(options.checkpoint);
  else export_checkpoint(options);
  return 0;
}

}  // namespace
}  // namespace pbgen

int main(int argc, char** argv) {
  return pbgen::run_tool("export", [&] { return pbgen::run(argc, argv); });
}
