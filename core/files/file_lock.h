// Locks that die with the process that holds them (flock): after a kill -9 nothing needs to be cleaned by hand, and no process number,
// which says nothing of other machines that share a folder, is ever believed.
#pragma once

#include <functional>
#include <string>

namespace pbgen {

// Locks an open file for this descriptor and its copies.  False where another one holds it.  Error(input_output) with the reason where
// the file system keeps no locks; path: for messages.
bool try_lock(int descriptor, const std::string& path);
// The same, but waits for its turn.  waiting, where there is one: told before, if another one holds it.
void wait_for_lock(int descriptor, const std::string& path, const std::function<void()>& waiting);

// Error(input_output): a file system that keeps no locks, with the reason and the mend.
[[noreturn]] void fail_without_locks(const std::string& path, const char* reason);

// Whether the path still names the file that was opened: between opening and locking, whoever had the lock may have renamed or removed it.
bool is_named(int descriptor, const std::string& path);

}  // namespace pbgen
