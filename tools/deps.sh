#!/bin/sh
# Installs the Debian packages named on the command line that are missing; elsewhere prints what is needed.
set -eu

if ! command -v apt-get >/dev/null 2>&1; then
  echo "No apt-get here. Install what corresponds to these Debian packages: $*"
  echo "(g++ >= 12 or clang++ >= 14, GNU make, GoogleTest, stb_image_write under stb/)"
  exit 0
fi

# Older releases (Ubuntu 22.04) have an older g++ by default; what the Makefile takes is CXX.
check_compiler() {
  if command -v g++ >/dev/null 2>&1 && [ "$(g++ -dumpversion | cut -d. -f1)" -lt 12 ]; then
    echo "g++ is $(g++ -dumpversion), PBGen wants 12 or newer: apt-get install g++-12, then make CXX=g++-12"
  fi
}

missing=
for package in "$@"; do
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
    missing="$missing $package"
  fi
done
if [ -z "$missing" ]; then
  echo "Already installed: $*"
  check_compiler
  exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "deps: not root and no sudo; ask an administrator to run: apt-get install$missing" >&2
    exit 1
  fi
  as_root=sudo
fi
$as_root apt-get update
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y --no-install-recommends $missing
check_compiler
