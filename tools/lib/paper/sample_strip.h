// Sample grids beside one another, as one small picture for a document.
#pragma once

#include <string>
#include <vector>

namespace pbgen {

// The upper left quarter of each grid (PNG files that train_gan wrote, all of one size), from left to right: a JPEG file.
// Where it would have less than 256 pixels' height, every pixel becomes a square, of 4 x 4 at most.
// Error(input_output), and Error(data) where a grid is no image, or another one's size.
void save_sample_strip(const std::string& path, const std::vector<std::string>& grids);

}  // namespace pbgen
