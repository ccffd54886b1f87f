#include "tools/lib/paper/piece.h"

#include <filesystem>
#include <utility>

#include "core/base/check.h"
#include "core/files/file.h"
#include "tools/lib/cli/csv.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxCsvBytes = 64 << 20;
constexpr std::int64_t kMaxGridBytes = 64 << 20;

}  // namespace

PieceFolder::PieceFolder(const Experiment& experiment, std::string_view piece) : path_(concat(experiment.out, "/", piece)) {
  make_directories(path_);
  remove_stale_partials(path_);  // the experiment's folder is locked
}

void PieceFolder::csv(std::string_view name, const Table& table) const {
  write_file_atomically(path(concat(name, ".csv")), csv_text(table));
}

Table PieceFolder::read_csv(std::string_view name) const {
  const std::string file = path(concat(name, ".csv"));
  if (!std::filesystem::exists(file)) return {};
  const std::vector<std::uint8_t> bytes = read_file(file, kMaxCsvBytes);
  return parse_csv({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file);
}

void PieceFolder::chart(std::string_view name, const std::string& svg, std::string_view caption) {
  write_file_atomically(path(concat(name, ".svg")), svg);
  page_.chart(svg, caption);
}

void PieceFolder::picture(const std::string& file, std::string_view caption) { page_.picture(read_file(file, kMaxGridBytes), caption); }

void PieceFolder::table(std::string_view name, const Table& table) {
  csv(name, table);
  page_.table(table);
}

void PieceFolder::claims(std::string_view name, const std::vector<Claim>& claims) {
  table(name, claim_table(claims));
  for (const Claim& claim : claims) verdict(claim.claim, ratio_text(claim.here), claim.verdict);
}

void PieceFolder::verdict(std::string claim, std::string here, Verdict verdict) {
  verdicts_.rows.push_back({std::move(claim), std::string(verdict_text(verdict)), std::move(here)});
}

}  // namespace pbgen
