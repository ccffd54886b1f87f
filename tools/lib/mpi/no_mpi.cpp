#include <cstdlib>

#include "core/base/check.h"
#include "tools/lib/mpi/joined_ranks.h"

namespace pbgen {

class JoinedRanks::Process {};

JoinedRanks::JoinedRanks() {
  for (const char* const name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {  // Open MPI's, MPICH's
    const char* const size = std::getenv(name);
    if (size != nullptr && std::atoi(size) > 1)
      fail(ErrorKind::usage, "mpirun started ", size, " processes of a build without MPI, each of which would train by itself; build with "
           "`make MPI=1` (`make deps-mpi` installs what it wants), or start one");
  }
}

JoinedRanks::~JoinedRanks() = default;

Ranks& JoinedRanks::ranks() { return one_process(); }

void JoinedRanks::set_patience(double) {}

void JoinedRanks::end(int) {}

}  // namespace pbgen
