// Which update a path has.  AVX2's is the definition: what it does waits for memory.
#include "core/base/cpu.h"
#include "optim/adam_kernels.h"

namespace pbgen {

adam_leaf::Update* adam_update() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return adam_leaf::adam_update_avx512;
#endif
  return adam_leaf::adam_update_ref;
}

}  // namespace pbgen
