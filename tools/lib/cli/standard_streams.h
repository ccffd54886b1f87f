// The descriptors 0, 1 and 2 that a tool is started with.
#pragma once

namespace pbgen {

// Once, before anything is opened: a descriptor of the three that is closed (`2>&-`) is opened on /dev/null, because the next file that
// is opened would get its number, and what is meant for a person would be written into it.  A closed stdout is opened for reading only:
// what is written there is lost, and finish_output() tells.
// Where stdout is no terminal it gets a buffer that holds what a tool prints between two flushes, so that it is a flush that fails, and
// knows the reason.
void open_standard_streams();

// Shows what was printed so far: before work that takes its time.  That it failed is told by finish_output().
void flush_output();

// Whether stdout is a pipe whose reader has closed it.
bool reader_has_gone();

// How a tool's output on stdout ended.
enum class Output { written, reader_gone, lost };

struct OutputEnd {
  Output how;
  int reason;  // of lost output, as in errno; 0 where it is not known
};

// Writes what is still in stdout's buffer, and says whether all that was ever printed has been taken: reader_gone for a pipe that nobody
// reads any more, which is the reader's wish; lost for everything else, a full disk for one.
OutputEnd finish_output();

}  // namespace pbgen
