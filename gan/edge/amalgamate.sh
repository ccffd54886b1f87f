#!/bin/sh
# Writes FOLDER/pbgen.h and FOLDER/pbgen.cpp: the library of a device with the paths of every machine, to drop into a source tree.
#
#   sh gan/edge/amalgamate.sh FOLDER     from the repository's root; `make amalgamation` calls it
#
# pbgen.cpp is C++14 and wants no flag: `c++ -O2 -c pbgen.cpp`.  What our Makefile asks a compiler for stands in it as pragmas: no fused
# operations but those that are written, and the instruction sets of the leaves.  So its images are those of libpbgen, to the byte.
set -eu
if [ $# -ne 1 ] || [ ! -f gan/edge/pbgen.h ]; then
  echo 'usage: sh gan/edge/amalgamate.sh FOLDER (from the root of PBGen)' >&2
  exit 2
fi
mkdir -p "$1"

# Leaves come last: they include only what stands before them.
others=$(ls gan/edge/*.cpp | grep -v -e '_ref\.cpp$' -e '_avx2\.cpp$' -e '_avx512\.cpp$' -e '_neon\.cpp$')
leaves=$(ls gan/edge/*_avx2.cpp gan/edge/*_avx512.cpp gan/edge/*_neon.cpp)
version=$(awk '$2 ~ /^PBGEN_VERSION_(MAJOR|MINOR|PATCH)$/ { printf "%s%s", dot, $3; dot = "." }' gan/edge/pbgen.h)

awk -v version="$version" '
  # Our headers once, where they are first wanted; pbgen.h stays a file.  What is C++17 in our sources by its form alone becomes C++14.
  function include(path,    line, header) {
    while ((getline line < path) > 0) {
      if (line == "#pragma once") continue
      if (line ~ /^#include "/) {
        split(line, parts, "\"")
        header = parts[2]
        if (header != "gan/edge/pbgen.h" && !(header in seen)) {
          seen[header] = 1
          include(header)
        }
        continue
      }
      if (leaf && line ~ /^#include </) continue
      sub(/^inline constexpr /, "constexpr ", line)
      if (line ~ /^namespace [a-z_]+::[a-z_]+ {$/) sub(/::/, " {\nnamespace ", line)
      else if (line ~ /^}  \/\/ namespace [a-z_]+::[a-z_]+$/) line = "}\n" line
      print line
    }
    close(path)
  }
  function begin_leaf(path) {
    set = path
    sub(/.*_/, "", set)
    sub(/\.cpp$/, "", set)
    print "#if defined(" (set == "neon" ? "__aarch64__" : "__x86_64__") ")"
    if (set == "neon") {
      print "#include <arm_neon.h>"
      return
    }
    flags = set == "avx2" ? "avx2,fma" : "avx512f,avx512bw,avx512dq,avx512vl,fma"
    print "#include <immintrin.h>"
    print "#if defined(__clang__)"
    print "#pragma clang attribute push(__attribute__((target(\"" flags "\"))), apply_to = function)"
    print "#else"
    print "#pragma GCC push_options"
    print "#pragma GCC target(\"" flags "\")"
    print "#endif"
  }
  function end_leaf() {
    if (set != "neon") {
      print "#if defined(__clang__)"
      print "#pragma clang attribute pop"
      print "#else"
      print "#pragma GCC pop_options"
      print "#endif"
    }
    print "#endif"
  }
  BEGIN {
    print "// libpbgen " version ", the library of a device of PBGen, in one file; pbgen.h beside it says what it does."
    print "// Made of gan/edge and core/freestanding by `make amalgamation`: changes belong there."
    print "//"
    print "//   c++ -O2 -c pbgen.cpp        g++ or clang++, C++14 or newer; no other flag is needed, nothing but a C library behind it"
    print "#include \"pbgen.h\""
    print ""
    print "// Products and sums are rounded one by one, whatever the compiler is told: images are the same bytes everywhere."
    print "#if defined(__clang__)"
    print "#pragma STDC FP_CONTRACT OFF"
    print "#pragma clang diagnostic ignored \"-Wunused-const-variable\""
    print "#elif defined(__GNUC__)"
    print "#pragma GCC optimize(\"fp-contract=off\")"
    print "#endif"
    for (i = 1; i < ARGC; ++i) {
      leaf = ARGV[i] ~ /_(avx2|avx512|neon)\.cpp$/
      print ""
      print "// ---- " ARGV[i]
      if (leaf) begin_leaf(ARGV[i])
      include(ARGV[i])
      if (leaf) end_leaf()
    }
  }
' $others $leaves > "$1/pbgen.cpp"
cp gan/edge/pbgen.h "$1/pbgen.h"
