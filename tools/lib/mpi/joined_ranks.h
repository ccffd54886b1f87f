// The processes that mpirun has started for one training: the one place that knows MPI.
//
// mpi_ranks.cpp is built with `make MPI=1`, no_mpi.cpp without.
#pragma once

#include <memory>

#include "core/base/ranks.h"

namespace pbgen {

// While it lives, this process is one of those that mpirun started, or alone where it was started by itself.
class JoinedRanks {
 public:
  // Once, before any thread is started.  In ranks but the first what is printed is kept from the terminal, but for end().
  // Error(usage) where mpirun started a build without MPI: each of its processes would train a network of its own.
  JoinedRanks();
  ~JoinedRanks();
  JoinedRanks(const JoinedRanks&) = delete;
  JoinedRanks& operator=(const JoinedRanks&) = delete;

  Ranks& ranks();
  // From now on a rank that others wait for so many seconds, of which it was asked in the last five whether it is there and did not answer,
  // ends the run, by name; before, 60.
  void set_patience(double seconds);
  // The process ends with that code.  Where it is not 0 this rank's last line is shown, with its number, unless another rank fails in the
  // same moment, as most failures are everybody's; and then the others are ended, too.
  void end(int exit_code);

 private:
  class Process;
  std::unique_ptr<Process> process_;
};

}  // namespace pbgen
