// Runs pieces and gathers what they made in OUT/report.html.
#pragma once

#include <string>
#include <vector>

#include "tools/lib/paper/piece.h"

namespace pbgen {

// What `name` stands for: a piece's command, or all, which leaves out what is too long at that scale.  Error(usage) with the
// known names.
std::vector<const Piece*> chosen_pieces(const std::string& name, Scale scale);

// Trains what the pieces need (trial.h: done ones are skipped, begun ones go on), makes the pieces unless train_only, and
// writes the report with all pieces that OUT holds, each with the command that made it.  Says on stdout what it leaves where.
// Returns an exit code: 0, or 128 + a signal's number.  Error(usage) where OUT holds another experiment.
int run_pieces(const std::vector<const Piece*>& chosen, const Experiment& experiment, const std::string& command, bool train_only);

}  // namespace pbgen
