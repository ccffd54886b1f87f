// Other programs measured side by side: small scripts under tools/peers, each of which prints a line of JSON for what it is, and one for
// each measurement.  Nothing of them is needed.
//
//   {"peer": "torch", "version": "2.13.0+cpu", "isa": "AVX512", "waits": "GOMP_SPINCOUNT=300"}
//   {"peer": "torch", "section": "edge", "layer": "generator", "op": "inference", "batch": 1, "threads": 1,
//    "best_s": 0.006, "median_s": 0.007, "agreement": "1.9e-06 at most"}   on one line
//   {"peer": "onnxruntime", "missing": "pip install onnxruntime"}
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/lib/bench/run.h"

namespace pbgen {

// What a peer says of itself, in words.
struct PeerAbout {
  std::string version;
  std::string isa;    // which instructions it runs on; "": it does not say
  std::string waits;  // how its threads wait for each other; "": it does not say
};

struct PeerRow {
  std::string peer;
  std::string section;  // these four as in BenchCase: what they name is compared
  std::string layer;
  std::string op;
  std::int64_t batch = 0;  // 0: it has none, and the line leaves it out
  int threads = 1;
  Times times;
  std::string agreement;  // how far its results are from ours; "": that was not looked at
};

struct PeerReport {
  std::string held_to;                         // the isa of PeerOptions
  std::map<std::string, PeerAbout> about;      // by peer
  std::map<std::string, std::string> missing;  // peer or script -> why it was not measured, and the mend
  std::vector<PeerRow> rows;
};

// Adds what a script printed.  Lines that do not begin with '{' are a library's chatter.  Error(data) naming script and line where one that
// does is not of the form above.
void parse_peer_lines(std::string_view text, const std::string& script, PeerReport& report);

// How scripts are run.
struct PeerOptions {
  int threads = 1;
  std::int64_t batch = 64;
  int repeats = 7;
  std::string weights = {};  // the folder of write_peer_input (peer_input.h); "": there is none, and whole networks are not measured
  std::string isa = {};      // "avx2": what peers are held to, as we are; "": they take what the machine has
};

// Runs every script and adds what it says.  Of a script that fails, or prints what is not of the form above,
// the lines before that count; it is missing, with the reason.  Never throws for what a script does.
void run_peers(const std::string& tool_path, const BenchFilter& filter, const PeerOptions& options, PeerReport& report);

// Fills in to_peers: of each peer the measurement of the same section, layer, op, batch and threads.
void relate_to_peers(const PeerReport& report, std::vector<BenchRow>& rows);

}  // namespace pbgen
