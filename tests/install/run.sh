#!/usr/bin/env bash
# Installs what is built into a scratch folder and uses it as a stranger would: programs, manual pages, completion, pkg-config, CMake.
# Closes on 'N passed, N failed'; what the machine lacks is skipped with a line.
#
#   tests/install/run.sh OUT      OUT: the folder of the built variant, build/release; `make test-install` gives it
set -uo pipefail
out=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
here=$(dirname "$0")
passed=0
failed=0

check() {  # WHAT COMMAND...
  local what=$1
  shift
  if "$@" >"$scratch/said" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n' "$what"
    sed 's/^/    /' "$scratch/said"
  fi
}
has() {  # PROGRAM WHAT
  command -v "$1" >/dev/null && return 0
  printf 'skipped, there is no %s: %s\n' "$1" "$2"
  return 1
}
quietly_make() { make --no-print-directory LDCONFIG=true "$@"; }
same() { diff <(printf '%s\n' "$1") <(printf '%s\n' "$2"); }

# --- what is put where

prefix=/opt/pbgen
staged="$scratch/a folder's stage"
root=$staged$prefix
install_staged() { (umask 077 && quietly_make install DESTDIR="$staged" PREFIX=$prefix); }
check 'make install' install_staged
listed_is_there() {
  for file in bin/pbgen-train-gan bin/pbgen-footprint lib/libpbgen.a lib/libpbgen.so lib/libpbgen.so.1 include/pbgen.h \
    lib/pkgconfig/pbgen.pc lib/cmake/pbgen/pbgenConfig.cmake share/man/man1/pbgen-generate.1 share/bash-completion/completions/pbgen-plan \
    share/pbgen/load_generator.py share/doc/pbgen/examples/generate.c; do
    test -s "$root/$file" || { echo "$file is not there"; return 1; }
  done
}
check 'it puts everything in its place' listed_is_there
no_other_names() { test -z "$(find "$root/bin" -type f ! -name 'pbgen-*')" && ! find "$root/bin" | grep -q _; }
check 'the names of tools begin with pbgen- and have no underscore' no_other_names
modes() {
  test -z "$(find "$staged" -type d ! -perm 755)" && test -z "$(find "$root/bin" -type f ! -perm 755)" &&
    test -z "$(find "$root" -path "$root/bin" -prune -o -type f ! -perm 644 -print)"
}
check 'modes do not depend on umask' modes
check 'the library links by its SONAME' test "$(readlink "$root/lib/libpbgen.so")" = libpbgen.so.1
check 'nothing names the folder that it was staged in' bash -c '! grep -rqF -- "$1" "$2" "$3"' - "$scratch" "$root/lib" "$root/share"

refused() {  # WORDS COMMAND...
  local words=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "not refused: $said"
    return 1
  fi
  grep -qF -- "$words" <<<"$said" || { echo "$said"; return 1; }
}
check 'a prefix that is no full path is refused' refused 'begins with /' quietly_make install DESTDIR="$scratch/b" PREFIX=usr

only_the_library() {
  quietly_make install-edge DESTDIR="$scratch/edge" prefix=/usr libdir=/usr/lib/here includedir=/usr/include/there &&
    test -e "$scratch/edge/usr/lib/here/cmake/pbgen/pbgenConfig.cmake" &&
    test -e "$scratch/edge/usr/include/there/pbgen.h" && test ! -e "$scratch/edge/usr/bin" &&
    grep -qx 'libdir=${prefix}/lib/here' "$scratch/edge/usr/lib/here/pkgconfig/pbgen.pc"
}
check 'make install-edge, into folders of GNU names' only_the_library

takes_back() {
  local stage="$scratch/back"
  quietly_make install DESTDIR="$stage" PREFIX=/usr && touch "$stage/usr/bin/pbgen-of-another" "$stage/usr/share/pbgen/of-another" &&
    quietly_make uninstall DESTDIR="$stage" PREFIX=/usr && same "$(cd "$stage" && find . -type f -o -type l | sort)" \
    "$(printf '%s\n' ./usr/bin/pbgen-of-another ./usr/share/pbgen/of-another)" && test ! -e "$stage/usr/lib/cmake/pbgen" &&
    test ! -e "$stage/usr/share/doc/pbgen"
}
check 'make uninstall takes away what install put there, and nothing else' takes_back

# A build that belongs to somebody else, its files being links to ours.
installs_the_build_of_another() {
  local other="$scratch/other/build/release"
  mkdir -p "$other"
  for part in bin pages libpbgen.a libpbgen.so; do ln -s "$(realpath "$out/$part")" "$other/$part"; done
  chown -R -h 65534 "$scratch/other"
  find "$scratch/other" -ls >"$scratch/before"
  quietly_make OUT="$scratch/other" install DESTDIR="$scratch/of_other" PREFIX=/usr && test -e "$scratch/of_other/usr/bin/pbgen-plan" &&
    find "$scratch/other" -ls | diff "$scratch/before" - && rm "$other/pages" &&
    refused 'run `make` first' quietly_make OUT="$scratch/other" install DESTDIR="$scratch/of_other" PREFIX=/usr
}
if [ "$(id -u)" -eq 0 ]; then
  check 'root installs what another has built, and builds nothing' installs_the_build_of_another
else
  echo 'skipped, only root can give files away: root installs what another has built, and builds nothing'
fi

# --- the programs, by the names that they have now

moved="$scratch/moved here"
mv "$staged" "$moved"
root=$moved$prefix
export PATH=$root/bin:$PATH
help_of_generate() {
  local help
  help=$(pbgen-generate --help) && grep -q '^Usage: pbgen-generate ' <<<"$help" && grep -q '^  pbgen-generate faces.pbgen' <<<"$help"
}
check 'a tool calls itself as it is called' help_of_generate
check 'its errors too' refused 'pbgen-swd-eval: ' pbgen-swd-eval nothing nowhere
train="pbgen-train-gan --size 16 --g-widths 8,8,8,8 --d-widths 8,8,8,8 --synthetic-images 100 --z-dim 4 --batch 8 --sample-every 0
  --swd-every 0 --iterations 2"
export_model() { (cd "$scratch" && $train --out run && pbgen-export run -o model.pbgen && test -s model.pbgen); }
check 'trains and exports' export_model
finds_its_like() (
  cd "$scratch" &&
    pbgen-bench --only edge --layer footprint --repeats 1 --json >bench.json && grep resident bench.json
)
check 'finds the tool that it starts' finds_its_like

# --- pages and completion

for page in "$root"/share/man/man1/*.1; do
  name=$(basename "$page" .1)
  if has man "$name.1"; then
    reads_without_warnings() {
      local warnings
      warnings=$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
      test -z "$warnings" || { echo "$warnings"; return 1; }
      MANWIDTH=80 man -l "$page" | col -b | grep -A2 '^NAME' | grep -q "^ *$name - "
    }
    check "man -l $name.1" reads_without_warnings
  fi
  if has mandoc "$name.1 by mandoc"; then check "mandoc $name.1" mandoc -T lint -W warning "$page"; fi
done

completions=$root/share/bash-completion/completions
offers() {  # EXPECTED NAME WORD...
  local expected=$1 name=$2
  shift
  same "$expected" "$(cd "$scratch" && bash "$complete" "$completions/$name" "$@")"
}
complete=$(realpath "$here/complete.bash")
mkdir "$scratch/models"
every_flag_is_offered() {
  local name flag
  for name in "$completions"/*; do
    name=$(basename "$name")
    for flag in $("$name" --help | grep -o '^  --[a-z0-9-]*'); do
      bash "$complete" "$completions/$name" "$name" "$flag" | grep -qx -- "$flag" || { echo "$name $flag"; return 1; }
    done
  done
}
check 'every flag is completed' every_flag_is_offered
check 'a flag' offers $'--best\n--bn-calibrate' pbgen-generate --b
check 'words of a value' offers $'direct' pbgen-generate model.pbgen --conv di
check 'words after =' offers $'lsgan' pbgen-train-gan --loss = l
check 'all words after = alone' offers $'float\nhalf' pbgen-export --linear-precision =
check 'items of a list' offers $'A,C,B' pbgen-paper all --settings A,C,B
check 'a number' offers '' pbgen-generate --n 1
check 'a file' offers $'model.pbgen\nmodels' pbgen-generate --n 3 mode
check 'a folder' offers $'models' pbgen-train-gan --data mode
check 'a file of a flag' offers $'model.pbgen\nmodels' pbgen-plan --layers mode
check 'a word or a path' offers $'auto' pbgen-train-gan --resume aut
check 'an argument that is one of some words' offers $'settings' pbgen-paper setti
check 'after --' offers $'model.pbgen\nmodels' pbgen-generate -- mode
check 'one argument too many' offers '' pbgen-generate model.pbgen mode

# --- the library, as programs find it

if has cc 'programs that use the library'; then
  examples=$root/share/doc/pbgen/examples
  model=$scratch/model.pbgen
  draws() {  # COMMAND...: as the library's own example
    cmp <("$out/bin/pbgen_example" "$model" 1) <("$@" "$model" 1)
  }
  if has pkg-config 'pbgen.pc'; then
    export PKG_CONFIG_PATH=$root/lib/pkgconfig
    by_pkg_config() {
      local flags
      flags=$(pkg-config --define-prefix --cflags --libs 'pbgen >= 0.1') &&
        eval cc -std=c11 -o '"$scratch/by_pkg_config"' '"$examples/generate.c"' "$flags" &&
        LD_LIBRARY_PATH=$root/lib draws "$scratch/by_pkg_config"
    }
    check 'pkg-config' by_pkg_config
    check 'pkg-config knows the version' refused '>= 99' pkg-config --print-errors 'pbgen >= 99'
  fi
  cmake=/usr/bin/cmake
  [ -x $cmake ] || cmake=cmake
  if has $cmake 'find_package(pbgen)'; then
    configure() { $cmake -S "$here/cmake" -B "$scratch/cmake" -DEXAMPLE="$examples/generate.c" -DCMAKE_PREFIX_PATH="$root" "$@"; }
    needs_it() { readelf -d "$scratch/cmake/$1" | grep 'NEEDED.*libpbgen.so.1'; }
    by_cmake() {
      configure && $cmake --build "$scratch/cmake" || return 1
      for kind in pbgen shared static; do draws "$scratch/cmake/draw_$kind" || return 1; done
      needs_it draw_pbgen && needs_it draw_shared && ! needs_it draw_static
    }
    check 'find_package(pbgen)' by_cmake
    static_by_a_variable() {
      rm -rf "$scratch/cmake"
      configure -Dpbgen_USE_STATIC_LIBS=ON && $cmake --build "$scratch/cmake" --target draw_pbgen &&
        ! needs_it draw_pbgen
    }
    check 'pbgen_USE_STATIC_LIBS' static_by_a_variable
    finds() {  # WHAT: the rest of a find_package
      rm -rf "$scratch/find"
      mkdir "$scratch/find"
      printf 'cmake_minimum_required(VERSION 3.19)\nproject(p NONE)\nfind_package(pbgen %s)\n' "$1" >"$scratch/find/CMakeLists.txt"
      $cmake -S "$scratch/find" -B "$scratch/find/build" -DCMAKE_PREFIX_PATH="$root" >"$scratch/find/said" 2>&1
      local code=$?
      tr '\n' ' ' <"$scratch/find/said" | tr -s ' '
      return $code
    }
    for wish in 'REQUIRED' '0.2 REQUIRED' '0.1...1 REQUIRED' "$(sed -n 's/.*PACKAGE_VERSION "\(.*\)".*/\1/p' \
      "$root/lib/cmake/pbgen/pbgenConfigVersion.cmake" | head -n 1) EXACT REQUIRED" 'REQUIRED COMPONENTS static'; do
      check "find_package(pbgen $wish)" finds "$wish"
    done
    check 'a newer version is refused' refused 'requested version "99"' finds '99 REQUIRED'
    check 'an unknown component is refused' refused 'no shiny library' finds 'REQUIRED COMPONENTS shiny'
  fi
fi
if has readelf 'the SONAME'; then
  check 'the SONAME' bash -c 'readelf -d "$1" | grep -q "SONAME.*\[libpbgen.so.1\]"' - "$root/lib/libpbgen.so"
fi

printf '\n%d passed, %d failed\n' "$passed" "$failed"
test "$failed" -eq 0
