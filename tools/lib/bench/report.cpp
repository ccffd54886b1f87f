#include "tools/lib/bench/report.h"

#include <algorithm>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/peaks_text.h"

namespace pbgen {
namespace {

std::string milliseconds(double seconds) { return fixed_text(seconds * 1e3, seconds < 0.1 ? 3 : 1); }

std::string batch_text(std::int64_t batch) { return batch > 0 ? concat(batch) : ""; }

std::vector<std::string> peer_names(const std::vector<BenchRow>& rows) {
  std::vector<std::string> names;
  for (const BenchRow& row : rows)
    for (const PeerRatio& ratio : row.to_peers)
      if (std::find(names.begin(), names.end(), ratio.peer) == names.end()) names.push_back(ratio.peer);
  return names;
}

// Those that have a column of the table itself: all, or none, where there are so many that they get a table of their own.
std::vector<std::string> peers_beside(const std::vector<BenchRow>& rows) {
  constexpr std::size_t kMost = 3;
  std::vector<std::string> names = peer_names(rows);
  if (names.size() > kMost) names.clear();
  return names;
}

void add_peer_header(const std::vector<std::string>& peers, Table& table) {
  for (const std::string& peer : peers) table.header.push_back("x " + peer);
}

void add_peer_cells(const std::vector<std::string>& peers, const BenchRow& row, std::vector<std::string>& cells) {
  for (const std::string& peer : peers) {
    const auto found = std::find_if(row.to_peers.begin(), row.to_peers.end(), [&](const PeerRatio& ratio) { return ratio.peer == peer; });
    cells.push_back(found == row.to_peers.end() ? "" : fixed_text(found->ratio, 2));
  }
}

void leave_out_empty_columns(Table& table) {
  for (std::size_t column = table.header.size(); column-- > 0;) {
    const bool empty = std::all_of(table.rows.begin(), table.rows.end(), [&](const auto& row) { return row[column].empty(); });
    if (!empty) continue;
    const auto at = static_cast<std::ptrdiff_t>(column);
    table.header.erase(table.header.begin() + at);
    for (auto& row : table.rows) row.erase(row.begin() + at);
  }
}

Json row_json(const BenchRow& row) {
  const BenchCase& what = row.what;
  Json json = Json::object();
  json.set("section", what.section);
  json.set("layer", what.layer);
  json.set("op", what.op);
  json.set("path", what.path);
  json.set("shape", what.shape);
  if (what.batch > 0) json.set("batch", what.batch);
  json.set("threads", row.threads);
  json.set("repeats", row.repeats);
  json.set("median_s", row.times.median);
  json.set("best_s", row.times.best);
  if (what.flops > 0.0) {
    json.set("flops", what.flops);
    json.set("flops_per_s", row.flops_per_second());
    if (row.peaks.avx2 > 0.0) {
      json.set("fma_peak_flops_per_s", row.peaks.avx2);
      json.set("ratio_to_peak", row.ratio_to_peak());
    }
    if (row.peaks.avx512 > 0.0) json.set("fma_peak_avx512_flops_per_s", row.peaks.avx512);
  }
  if (what.shows_rate) json.set("images_per_s", row.images_per_second());
  if (row.to_float) json.set("ratio_to_float", *row.to_float);
  if (row.to_one_thread) json.set("ratio_to_one_thread", *row.to_one_thread);
  if (!row.to_peers.empty()) {
    Json peers = Json::object();
    for (const PeerRatio& ratio : row.to_peers) peers.set(ratio.peer, ratio.ratio);
    json.set("ratio_to_peers", std::move(peers));
  }
  return json;
}

Json peers_json(const PeerReport& peers) {
  Json about = Json::object();
  for (const auto& [name, words] : peers.about) {
    Json json = Json::object();
    json.set("version", words.version);
    json.set("isa", words.isa);
    json.set("waits", words.waits);
    about.set(name, std::move(json));
  }
  Json missing = Json::object();
  for (const auto& [name, mend] : peers.missing) missing.set(name, mend);
  Json rows = Json::array();
  for (const PeerRow& row : peers.rows) {
    Json json = Json::object();
    json.set("peer", row.peer);
    json.set("section", row.section);
    json.set("layer", row.layer);
    json.set("op", row.op);
    if (row.batch > 0) json.set("batch", row.batch);
    json.set("threads", row.threads);
    json.set("median_s", row.times.median);
    json.set("best_s", row.times.best);
    if (!row.agreement.empty()) json.set("agreement", row.agreement);
    rows.push_back(std::move(json));
  }
  Json json = Json::object();
  json.set("held_to", peers.held_to);
  json.set("about", std::move(about));
  json.set("missing", std::move(missing));
  json.set("rows", std::move(rows));
  return json;
}

std::string threads_text(int threads) { return concat(threads, threads == 1 ? " thread" : " threads"); }

// How much faster training is by several threads than by one, for each row that knows it.
std::string scaling_line(const std::vector<BenchRow>& rows) {
  std::string text;
  for (const BenchRow& row : rows) {
    if (!row.to_one_thread || row.what.op != "training") continue;
    text += concat(text.empty() ? concat("training, 1 thread / ", row.threads, " threads: ") : ", ", row.what.path, " ",
                   fixed_text(*row.to_one_thread, 2), "x");
  }
  return text.empty() ? "" : text + "\n";
}

// Warnings of what is packed and does not pay for it.
std::vector<std::string> warnings_of(const std::vector<BenchRow>& rows) {
  std::vector<std::string> warnings;
  for (const BenchRow& row : rows)
    if (row.to_float && *row.to_float < 1.0)
      warnings.push_back(concat("warning: ", row.what.section, ", ", row.what.layer, " ", row.what.op, ", ", row.what.path, ", ",
                                threads_text(row.threads), ": slower than float, ", fixed_text(1.0 / *row.to_float, 2), " times as long"));
  return warnings;
}

}  // namespace

std::string bench_heading(const BenchSetting& setting) {
  return concat(setting.cpu, "; ", setting.isa, " kernels; batch ", setting.batch, "; best and median of ", setting.repeats,
                " unless --help says otherwise", setting.commit.empty() ? "" : "; commit ", setting.commit, "\n", setting.flags, "\n");
}

Table bench_table(const std::vector<BenchRow>& rows) {
  Table table;
  table.header = {"op", "by", "shape", "batch", "median ms", "best ms", "GFLOP/s", "of peak", "img/s", "x float"};
  const std::vector<std::string> peers = peers_beside(rows);
  add_peer_header(peers, table);
  for (const BenchRow& row : rows) {
    const BenchCase& what = row.what;
    const bool counted = what.flops > 0.0;
    std::vector<std::string> cells{concat(what.layer, " ", what.op), what.path, what.shape, batch_text(what.batch),
                                   milliseconds(row.times.median), milliseconds(row.times.best),
                                   counted ? fixed_text(row.flops_per_second() * 1e-9, 1) : "",
                                   counted && row.peaks.avx2 > 0.0 ? fixed_text(row.ratio_to_peak(), 2) : "",
                                   what.shows_rate ? format_rate(row.images_per_second()) : "",
                                   row.to_float ? fixed_text(*row.to_float, 2) : ""};
    add_peer_cells(peers, row, cells);
    table.rows.push_back(std::move(cells));
  }
  leave_out_empty_columns(table);
  return table;
}

Table beside_table(const std::vector<BenchRow>& rows) {
  Table table;
  table.header = {"op", "by", "best ms"};
  const std::vector<std::string> peers = peer_names(rows);
  add_peer_header(peers, table);
  for (const BenchRow& row : rows) {
    if (row.to_peers.empty()) continue;
    std::vector<std::string> cells{concat(row.what.layer, " ", row.what.op), row.what.path, milliseconds(row.times.best)};
    add_peer_cells(peers, row, cells);
    table.rows.push_back(std::move(cells));
  }
  return table;
}

std::string bench_tables(const std::vector<BenchRow>& rows) {
  std::string text;
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    while (end < rows.size() && rows[end].what.section == rows[begin].what.section && rows[end].threads == rows[begin].threads) ++end;
    const std::vector<BenchRow> group(rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.begin() + static_cast<std::ptrdiff_t>(end));
    FmaPeaks peaks;
    for (const BenchRow& row : group) peaks = {std::max(peaks.avx2, row.peaks.avx2), std::max(peaks.avx512, row.peaks.avx512)};
    const std::string peaks_of_group = peaks_text(peaks);
    text += concat("\n", group.front().what.section, ", ", threads_text(group.front().threads),
                   peaks_of_group.empty() ? "" : "; " + peaks_of_group, "\n",
                   printed_table(bench_table(group)), scaling_line(group));
    if (peers_beside(group).size() < peer_names(group).size())
      text += concat("\n", group.front().what.section, ", ", threads_text(group.front().threads), ", beside others\n",
                     printed_table(beside_table(group)));
    for (const std::string& warning : warnings_of(group)) text += warning + "\n";
    begin = end;
  }
  return text;
}

std::string peer_tables(const PeerReport& peers) {
  Table about;
  about.header = {"peer", "version", "instructions", "threads wait"};
  for (const auto& [name, words] : peers.about) {
    const auto of_this = [&peer = name](const PeerRow& row) { return row.peer == peer; };  // clang++ 14 captures no bindings
    const bool measured = std::any_of(peers.rows.begin(), peers.rows.end(), of_this);
    if (measured) about.rows.push_back({name, words.version, words.isa, words.waits});
  }
  Table times;
  times.header = {"peer", "op", "batch", "threads", "median ms", "best ms", "apart from ours"};
  for (const PeerRow& row : peers.rows)
    times.rows.push_back({row.peer, concat(row.layer, " ", row.op), batch_text(row.batch), concat(row.threads),
                          milliseconds(row.times.median), milliseconds(row.times.best), row.agreement});
  leave_out_empty_columns(times);
  std::string text;
  if (!about.rows.empty()) text += concat("\npeers", peers.held_to.empty() ? "" : ", held to " + peers.held_to, "\n", printed_table(about));
  if (!times.rows.empty()) text += concat("\nwhat they take\n", printed_table(times));
  for (const auto& [name, mend] : peers.missing) text += concat(name, " was not measured: ", mend, "\n");
  return text;
}

Json bench_document(const BenchSetting& setting, const std::vector<BenchRow>& rows, const PeerReport& peers) {
  Json document = Json::object();
  document.set("cpu", setting.cpu);
  document.set("isa", setting.isa);
  document.set("flags", setting.flags);
  document.set("commit", setting.commit);
  document.set("batch", setting.batch);
  document.set("repeats", setting.repeats);
  Json all = Json::array();
  for (const BenchRow& row : rows) all.push_back(row_json(row));
  document.set("rows", std::move(all));
  Json warnings = Json::array();
  for (const std::string& warning : warnings_of(rows)) warnings.push_back(warning);
  document.set("warnings", std::move(warnings));
  document.set("peers", peers_json(peers));
  return document;
}

}  // namespace pbgen
