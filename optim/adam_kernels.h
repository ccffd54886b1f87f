// What a path does inside optimisers, chosen in dispatch.cpp.  All paths give the same bits.
#pragma once

#include "optim/adam_leaf.h"

namespace pbgen {

// The update of the path in force.
adam_leaf::Update* adam_update();

}  // namespace pbgen
