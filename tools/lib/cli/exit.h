// Where an error becomes a line on stderr and an exit code.
#pragma once

#include "core/base/parallel.h"

namespace pbgen {

// The body's result.  tool: its name in a build.  Where the body throws, `NAME: message` goes to stderr, NAME being what the tool was
// called by, and the result is the kind of an Error (2 usage, 3 data, 4 model file, 5 diverged, 6 input/output), 6 where memory ran out or
// the system refused, 1 for a mistake of our own.  In the end stdout is flushed: where not all of it could be written, a line says so,
// unless it was a pipe that its reader has closed, and the result is 6 where it would have been 0.  Before all that, closed descriptors 0
// to 2 are opened (standard_streams.h), and the waits of OpenMP's threads are made short (thread_waiting.h).
int run_tool(const char* tool, FunctionRef<int()> body);

// For work whose only result goes to stdout: throws what run_tool ends with 6 and without a word where that is a pipe whose reader has
// gone (`bench | head -1`).
void require_reader();

// For work that leaves nothing but temporary folders: throws what run_tool ends with 128 + N and without a word where signal N has asked to
// stop since an InterruptGuard began (interrupt.h), so that the folders go.
void require_unstopped();

}  // namespace pbgen
