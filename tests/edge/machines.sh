#!/bin/sh
# The library of a device on machines for which the engine is not built: its leaves against their definition, under qemu, and an image,
# the same bytes as here; a Cortex-M7 draws it from a prepacked model.  A machine whose compiler or qemu is missing is skipped with a line.
#
#   MAKE=make sh tests/edge/machines.sh [MACHINE...]   all of them, or these: arm riscv64 riscv64-vectors cortex-m7
set -eu

MAKE=${MAKE:-make}
chosen=${*:-arm riscv64 riscv64-vectors cortex-m7}
failed=0
expected=

# Where the variant of a CXX is built: the folder of its library, by make's own word.
folder_of() { $MAKE -s --no-print-directory "$@" print-out; }

fail() { echo "$machine: $*" >&2; failed=1; }

# has PROGRAM...: whether all are there; says which is not.
has() {
  for program in "$@"; do
    command -v "$program" >/dev/null || { echo "$machine: skipped, there is no $program (make deps-edge)"; return 1; }
  done
}

build() { $MAKE --no-print-directory "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }; }

# What this machine draws on the portable path.
expect_image() {
  [ -z "$expected" ] || return 0
  build cortex-m7
  expected=$("$(folder_of)/bin/cortex_m7" | head -n 1)
}

compare_image() {
  image=$(printf '%s\n' "$said" | head -n 1)
  if [ "$image" = "$expected" ]; then echo "$machine: $image, as here"; else fail "draws '$image' where this machine draws '$expected'"; fi
}

# vectors PATTERN LEAST: so many vector operations on floats in the library.
vectors() {
  count=$("$objdump" -d "$(folder_of OPENMP=0 CXX="$compiler")/libpbgen.a" | grep -cE "$1" || true)
  [ "$count" -ge "$2" ] || fail "$count vector operations on floats where $2 are expected"
  echo "$machine: $count vector operations on floats"
}

# on_linux QEMU COMPILER: leaves and image.
on_linux() {
  emulator=$1
  compiler=$2
  $MAKE --no-print-directory OPENMP=0 CXX="$compiler" QEMU="$emulator" test-leaves || fail 'its leaves are not as their definition'
  build OPENMP=0 CXX="$compiler" cortex-m7 || { fail 'does not build'; return; }
  said=$($emulator "$(folder_of OPENMP=0 CXX="$compiler")/bin/cortex_m7") || fail "$said"
  compare_image
}

command -v python3 >/dev/null || { echo "other machines: skipped, there is no python3 to write a model (make deps-edge)"; exit 0; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log
machine=here
expect_image
for machine in $chosen; do
  case $machine in
    arm)
      has arm-linux-gnueabihf-g++ qemu-arm || continue
      on_linux 'qemu-arm -cpu cortex-a7 -L /usr/arm-linux-gnueabihf' 'arm-linux-gnueabihf-g++ -mfpu=neon'
      objdump=arm-linux-gnueabihf-objdump
      vectors 'v(add|mul|mla)\.f32[[:space:]]+q' 200
      ;;
    riscv64)
      has riscv64-linux-gnu-g++ qemu-riscv64 || continue
      on_linux 'qemu-riscv64 -L /usr/riscv64-linux-gnu' riscv64-linux-gnu-g++
      ;;
    riscv64-vectors)
      has clang++ riscv64-linux-gnu-g++ qemu-riscv64 || continue
      on_linux 'qemu-riscv64 -cpu rv64,v=true,vext_spec=v1.0 -L /usr/riscv64-linux-gnu' \
        'clang++ --target=riscv64-linux-gnu -march=rv64gcv -mllvm -riscv-v-vector-bits-min=128'
      objdump=riscv64-linux-gnu-objdump
      vectors 'vf(add|mul)\.v' 200
      ;;
    cortex-m7)
      has arm-none-eabi-g++ qemu-system-arm || continue
      compiler='arm-none-eabi-g++ -mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16'
      build OPENMP=0 CXX="$compiler" cortex-m7 || { fail 'does not build'; continue; }
      said=$(timeout 300 qemu-system-arm -M mps2-an500 -nographic -semihosting-config enable=on,target=native -icount shift=0 \
        -kernel "$(folder_of OPENMP=0 CXX="$compiler")/bin/cortex_m7" </dev/null 2>&1) || fail "$said"
      compare_image
      printf '%s\n' "$said" | sed -n "2,\$s/^/$machine: /p"
      ;;
    *) echo "machines.sh: there is no machine $machine; there are arm riscv64 riscv64-vectors cortex-m7" >&2; exit 2 ;;
  esac
done
exit "$failed"
