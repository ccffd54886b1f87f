// The end of a run: report.html, scores.json, and the last words on the screen.
#pragma once

#include "tools/lib/train/final_scorer.h"
#include "tools/lib/train/run_recorder.h"
#include "tools/lib/train/run_summary.h"

namespace pbgen {

// Writes both files, scores.json last of all, and prints the table of the scores and where everything lies.  summary: what was not
// recorded; the rest comes from the recorder and the scorer.
void write_results(RunSummary summary, const RunRecorder& recorder, const FinalScorer& scorer);

}  // namespace pbgen
