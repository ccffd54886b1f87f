#!/usr/bin/env bash
# `make dist`: the archive holds what is committed, is the same from another clone, and builds where there is no git.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
die() {
  echo "dist: $*" >&2
  exit 1
}

git clone -q . "$scratch/clone"
make --no-print-directory OUT="$scratch/here" dist
(umask 077 && make --no-print-directory -C "$scratch/clone" dist)
archives=("$scratch"/here/build/pbgen-*.tar.gz "$scratch"/clone/build/pbgen-*.tar.gz)
cmp "${archives[@]}" || die 'two clones give two archives'

name=$(basename "${archives[0]}" .tar.gz)
tar -x -z -f "${archives[0]}" -C "$scratch"
tree=$scratch/$name
diff <(git ls-tree -r --name-only HEAD | sort) <(cd "$tree" && find . -type f -printf '%P\n' | sort) ||
  die 'it does not hold what is committed'
make -C "$tree" edge
said=$("$tree/build/release/bin/footprint" --version)
commit=$(git rev-parse --short=10 HEAD)
grep -qx "footprint ${name#pbgen-} ($commit)" <<<"$said" || die "built from it, a program says $said, not $commit"
if refusal=$(make -C "$tree" dist 2>&1); then die 'an archive is made where there is no checkout'; fi
grep -q 'no checkout' <<<"$refusal" || die "$refusal"
echo "dist: $name holds what is committed, and builds"
