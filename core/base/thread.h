// Threads of our own, and the sentence where the system grants none.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace pbgen {

// what: "the thread that prepares batches".  Error(input_output) with the reason and the mend where the system refuses.
std::thread start_thread(const std::string& what, std::function<void()> body);

// Whether the system grants `count` threads side by side, seen by starting them: Error(input_output) as above where it does not.  Who
// lets a library start threads asks here first, for a library may end the process where it is refused.
void require_threads(int count);

// For a tool's start: where the address space has a limit (ulimit -v), threads take little of it, which glibc is else generous with: 64 MB
// or more for a heap of each thread's own, and a stack as large as the main thread's.
void spare_address_space();

}  // namespace pbgen
