// Files that a user's command writes: where they go, what their names promise, and that nothing is overwritten unasked.
#pragma once

#include <string>
#include <string_view>
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

// Where a file made of a model goes that the user gave no name: RUN/STEM-NAME for RUN/checkpoints/STEM.safetensors, else beside the
// model, DIR/STEM-NAME.  name begins with what separates it: "-grid-1.png", ".pbgen".
std::string output_beside(const std::string& model, std::string_view name);

}  // namespace pbgen
