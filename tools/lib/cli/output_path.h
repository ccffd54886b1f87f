// Files that a user's command writes: where they go, what their names promise, and that nothing is overwritten unasked.
#pragma once

#include <string>
#include <vector>

#include "core/files/file.h"

namespace pbgen {

// Before the work begins: Error(usage) with the flag and the mend where `path` is there already, unless force; and in any case where it
// is a folder, a device or a pipe, or one of the `inputs`, which the command reads.
void require_free_output(const std::string& flag, const std::string& path, bool force, const std::vector<std::string>& inputs = {});

// When the work is done: what appeared meanwhile is kept, too.
inline Existing existing_output(bool force) { return force ? Existing::replace : Existing::keep; }

// The last part of a file's name from its last dot on, in lower case: ".png"; "" where there is none.
std::string name_ending(const std::string& path);

}  // namespace pbgen
