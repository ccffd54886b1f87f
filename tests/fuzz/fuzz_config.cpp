// config.json, as `train_gan --config` reads it.
#include <algorithm>
#include <string>
#include <string_view>

#include "core/files/json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/allocations.h"
#include "tests/support/memory_bounds.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/train/run_config_text.h"
#include "tools/lib/train/run_identity.h"
#include "tools/lib/train/train_flags.h"

namespace pbgen::fuzz {
namespace {

// The flags of train_gan as a configuration leaves them.
struct Configured {
  TrainFlags flags;
  ArgumentParser parser{"train_gan", "a fuzz target"};

  Configured() { declare_train_flags(parser, flags); }
  void apply(std::string_view text) { parser.apply_config(parse_json(text, ErrorKind::usage, kPath), kPath); }
};

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

std::string default_config() { return to_json(run_config_of(std::vector<std::string>{})).text(2); }

std::vector<Bytes> seeds() {
  return {bytes_of(default_config()), bytes_of(R"({"preset":"paper","celeba":true,"epochs":1.5,"shuffle":null})"),
          bytes_of(R"({"loss":"wgan","gf-dim":8,"df_dim":4,"setting":"e","mirror":false,"seed":"18446744073709551615"})"),
          bytes_of(R"({"g_widths":"9,8,7,6","d_widths":[1,2,3,4],"binarize_g":"0,4","crop":"center:9","on-bad":"skip","conv":"im2col"})"),
          bytes_of(R"({"conv":"direct","isa":"avx512"})")};
}

// A flag's name with some value, in front of the others.
void add_a_member(Bytes& text, Draw& draw) {
  static const Json known = parse_json(default_config(), ErrorKind::usage, kPath);
  static constexpr std::array kValues = {"true",       "null",     "16",        "-3",                "0.25",
                                         "\"1,2\"", "\"none\"", "[8,4,2,1]", "\"\\u001b[31m\"", "1e300"};
  const std::string& key = known.as_object()[draw.below(known.as_object().size())].first;
  const std::string member = concat("{", Json(key).text(), ":", kValues[draw.below(kValues.size())], ",");
  const auto brace = std::find(text.begin(), text.end(), '{');
  if (brace != text.end()) text.insert(text.erase(brace), member.begin(), member.end());
}

void read(std::string_view text) {
  Configured configured;
  try {
    with_peak([&] { configured.apply(text); },
              [&](std::int64_t peak) {
                require(peak <= largest_json(std::ssize(text)), "memory is bounded as core/files/json.h says", concat(peak));
              });
  } catch (const Error& error) {
    require_refusal(error, {ErrorKind::usage});
    throw;
  }
  const RunConfig run = run_config(configured.parser, configured.flags);
  run.network().validate();

  // What was understood is written as it is understood.
  const Json written = to_json(run);
  require(run_config_of(parse_json(written.text(2), ErrorKind::usage, kPath), kPath) == run, "a run's config.json makes the same run",
          written.text());
  require(run_config_of(to_arguments(run)) == run, "a run's arguments make the same run", written.text());
  require_same_run(run, run_identity(run), kPath);
}

}  // namespace
}  // namespace pbgen::fuzz

using namespace pbgen;
using namespace pbgen::fuzz;

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  make_seeds(*argc, *argv, seeds);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
  static const std::vector<Bytes> whole = seeds();
  Draw draw(seed);
  Bytes text = draw.one_in(kAnewOneIn) ? whole[draw.below(whole.size())] : Bytes(data, data + size);
  const std::size_t kind = draw.below(8);
  if (kind < 4) text = mutated(std::move(text), max_size);
  else if (kind < 6) change_a_number(text, draw);
  else add_a_member(text, draw);
  return give(text, data, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    read({reinterpret_cast<const char*>(data), size});
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::usage, "a refusal is of the reader's kind", error.what());
  }
  return 0;
}
