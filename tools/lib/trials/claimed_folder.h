// A folder that is known by a file in it, and that several processes may claim for the same at once.
#pragma once

#include <string>
#include <string_view>

namespace pbgen {

// Makes the folder where it is missing, and FOLDER/NAME with that text where it holds nothing else; false where that file is there already:
// the caller compares.  what: "no experiment", for Error(usage) where the folder holds something else; Error(input_output).
bool claim_folder(const std::string& folder, const std::string& name, std::string_view text, const char* what);

}  // namespace pbgen
