// Other programs measured side by side: small scripts under tools/peers, each of which prints a line of JSON for what it is, and one for
// each measurement.  Nothing of them is needed.
//
//   {"peer": "torch", "version": "2.13.0+cpu"}
//   {"peer": "torch", "section": "layers", "layer": "deconv2", "op": "forward", "batch": 64, "threads": 1,
//    "best_s": 0.031, "median_s": 0.032}   on one line
//   {"peer": "onnxruntime", "missing": "pip install onnxruntime"}
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/lib/bench/run.h"

namespace pbgen {

struct PeerRow {
  std::string peer;
  std::string section;  // these four as in BenchCase: what they name is compared
  std::string layer;
  std::string op;
  std::int64_t batch = 0;  // 0: it has none, and the line leaves it out
  int threads = 1;
  Times times;
};

struct PeerReport {
  std::map<std::string, std::string> versions;  // peer -> version
  std::map<std::string, std::string> missing;   // peer or script -> why it was not measured, and the mend
  std::vector<PeerRow> rows;
};

// Adds what a script printed.  Lines that do not begin with '{' are a library's chatter.  Error(data) naming script and line where one that
// does is not of the form above.
void parse_peer_lines(std::string_view text, const std::string& script, PeerReport& report);

// Runs every script for this many threads and adds what it says.  Of a script that fails, or prints what is not of the form above,
// the lines before that count; it is missing, with the reason.  Never throws for what a script does.
void run_peers(const std::string& tool_path, const BenchFilter& filter, int threads, std::int64_t batch, int repeats, PeerReport& report);

// Fills in to_peers: of each peer the measurement of the same section, layer, op, batch and threads.
void relate_to_peers(const PeerReport& report, std::vector<BenchRow>& rows);

}  // namespace pbgen
