#include "tools/lib/train/run_ranks.h"

#include <algorithm>
#include <optional>
#include <span>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/conv/conv_algorithm.h"
#include "core/files/crc64.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "core/files/safetensors.h"
#include "tools/lib/cli/interrupt.h"
#include "tools/lib/train/run_config_text.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxProgramBytes = std::int64_t{1} << 30;

std::uint64_t digest(std::span<const std::uint8_t> bytes) {
  Crc64 crc;
  crc.add(bytes);
  return crc.value();
}

std::uint64_t digest(const std::string& text) {
  return digest(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

// The first rank whose value is not rank 0's, the same everywhere; or nothing.
std::optional<int> first_other(Ranks& ranks, std::uint64_t value) {
  std::vector<std::uint64_t> all(static_cast<std::size_t>(ranks.count()));
  ranks.all_gather_equal(std::as_bytes(std::span(&value, 1)), std::as_writable_bytes(std::span(all)));
  const auto other = std::find_if(all.begin(), all.end(), [&](std::uint64_t v) { return v != all.front(); });
  return other == all.end() ? std::nullopt : std::optional(static_cast<int>(other - all.begin()));
}

void broadcast(Ranks& ranks, std::vector<std::uint8_t>& bytes) {
  std::uint64_t size = bytes.size();
  ranks.broadcast(std::as_writable_bytes(std::span(&size, 1)));
  bytes.resize(size);
  ranks.broadcast(std::as_writable_bytes(std::span(bytes)));
}

std::string broadcast_text(Ranks& ranks, const std::string& text) {
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  broadcast(ranks, bytes);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

void require_same_program(Ranks& ranks, int argc, char** argv) {
  if (ranks.count() == 1) return;
  if (const auto other = first_other(ranks, digest(read_file("/proc/self/exe", kMaxProgramBytes))))
    fail(ErrorKind::usage, "rank ", *other, ": its train_gan is another build than rank 0's; copy one build to every machine");
  std::string words;
  for (int i = 1; i < argc; ++i) words += std::string(argv[i]) + '\0';
  if (const auto other = first_other(ranks, digest(words)))
    fail(ErrorKind::usage, "rank ", *other, ": its arguments are not rank 0's; give all ranks the same ones");
}

void share_plan(Ranks& ranks, RunPlan& plan) {
  if (ranks.count() == 1) return;
  ranks.meet();  // rank 0 may have had a checkpoint to read
  const std::string config = broadcast_text(ranks, ranks.rank() == 0 ? to_json(plan.config).text() : "");
  const std::string resumed = broadcast_text(ranks, plan.resume_checkpoint);
  const std::string run_path = broadcast_text(ranks, plan.run_path);
  if (ranks.rank() != 0) {
    plan.config = run_config_of(parse_json(config, ErrorKind::usage, "rank 0"), "rank 0");
    plan.resume_checkpoint = resumed;
    plan.run_path = run_path;
  }
  const Isa path = *plan.config.isa.path;
  if (const auto other = first_other(ranks, machine_supports(path) ? 1 : 0))
    fail(ErrorKind::usage, "rank ", *other, ": its processor lacks the ", name(path),
         " kernels of this run, and others round differently; leave "
         "that machine out, or begin with --isa avx2");
  set_isa(path);
  set_conv_algorithm(plan.config.conv);
}

void require_same_images(Ranks& ranks, const std::string& fingerprint) {
  if (ranks.count() == 1) return;
  ranks.meet();  // decoding takes each its time
  if (const auto other = first_other(ranks, digest(fingerprint)))
    fail(ErrorKind::data, "rank ", *other,
         ": its images are not rank 0's; give every machine the same files under --data, or one shared folder");
}

std::vector<std::uint8_t> shared_file(Ranks& ranks, const std::string& path) {
  std::vector<std::uint8_t> bytes;
  if (ranks.rank() == 0 && !path.empty()) bytes = read_file(path, kMaxSafetensorsBytes);
  ranks.meet();
  broadcast(ranks, bytes);
  return bytes;
}

int stop_signal(Ranks& ranks) {
  const int mine = InterruptGuard::signal_received();
  if (ranks.count() == 1) return mine;
  std::vector<int> all(static_cast<std::size_t>(ranks.count()));
  ranks.all_gather_equal(std::as_bytes(std::span(&mine, 1)), std::as_writable_bytes(std::span(all)));
  return *std::max_element(all.begin(), all.end());
}

}  // namespace pbgen
