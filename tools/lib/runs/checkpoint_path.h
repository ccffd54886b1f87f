// Where a checkpoint lies, and what is made of it goes.
#pragma once

#include <string>
#include <string_view>

namespace pbgen {

// The run's folder of a checkpoint, the one above checkpoints/; "" where the file lies elsewhere.
std::string run_folder_of(const std::string& checkpoint);

// Where a file made of a model goes that the user gave no name: RUN/STEM-NAME for RUN/checkpoints/STEM.safetensors, else beside the
// model, DIR/STEM-NAME.  name begins with what separates it: "-grid-1.png", ".pbgen".
std::string output_beside(const std::string& model, std::string_view name);

}  // namespace pbgen
