#!/bin/sh
# Puts what `make` built where the system looks for it, or takes it away again; `make install` and `make uninstall` call it.
#
#   install.sh install|uninstall|list all|edge
#
# all: everything; edge: the library of a device with what its users compile against.  list prints the paths.  The Makefile gives as
# variables: DESTDIR, the GNU names of folders (prefix, bindir, libdir, ...), INSTALL_PROGRAM, INSTALL_DATA, LDCONFIG, and what was built:
# out (its folder), tools (their names), page (of the browser), soname, version.
set -eu
umask 022
action=$1
what=$2

die() {
  echo "make $action: $*" >&2
  exit 1
}

for name in prefix exec_prefix bindir libdir includedir datadir man1dir docdir pkgconfigdir cmakedir bashcompletiondir; do
  eval "folder=\$$name"
  case $folder in
    /*) ;;
    *) die "$name=$folder: expected a path that begins with / (DESTDIR may be any folder)" ;;
  esac
done

# The name of an installed tool: see kInstalledPrefix in tools/lib/cli/program.h.
installed_name() { printf 'pbgen-%s' "$1" | tr _ -; }

# "program|data|link SOURCE DESTINATION" for each file; a link's source is what it leads to.  | parts them, for folders may have spaces.
files() {
  echo "data|$out/libpbgen.a|$libdir/libpbgen.a"
  echo "data|$out/libpbgen.so|$libdir/$soname"
  echo "link|$soname|$libdir/libpbgen.so"
  echo "data|gan/edge/pbgen.h|$includedir/pbgen.h"
  echo "made|pkg_config|$pkgconfigdir/pbgen.pc"
  echo "made|cmake_config|$cmakedir/pbgenConfig.cmake"
  echo "made|cmake_version|$cmakedir/pbgenConfigVersion.cmake"
  for example in gan/edge/examples/*.[ch] gan/edge/examples/*.py; do echo "data|$example|$docdir/examples/${example##*/}"; done
  [ "$what" = all ] || return 0
  for tool in $tools; do
    name=$(installed_name "$tool")
    echo "program|$out/bin/$tool|$bindir/$name"
    echo "data|$out/pages/$tool.1|$man1dir/$name.1"
    [ "$tool" = footprint ] || echo "data|$out/pages/$tool.bash|$bashcompletiondir/$name"
  done
  echo "data|tools/load_generator.py|$datadir/pbgen/load_generator.py"
  # The browser's page where it was built; uninstalling takes it in any case.
  if [ "$action" = uninstall ] || [ -f "$page" ]; then echo "data|$page|$datadir/pbgen/web/index.html"; fi
}

# Folders that hold nothing but what is ours, the inner ones first.
own_folders() {
  echo "$cmakedir"
  echo "$docdir/examples"
  echo "$docdir"
  if [ "$what" = all ]; then
    echo "$datadir/pbgen/web"
    echo "$datadir/pbgen"
  fi
}

# A path as a file below $prefix says it: by the words $1 in place of the prefix, where it lies there.
below_prefix() {
  case $2 in
    "$prefix"/*) printf '%s/%s' "$1" "${2#"$prefix"/}" ;;
    *) printf '%s' "$2" ;;
  esac
}

pkg_config() {
  cat <<EOF
prefix=$prefix
libdir=$(below_prefix '${prefix}' "$libdir")
includedir=$(below_prefix '${prefix}' "$includedir")

Name: pbgen
Description: draws images from one-bit generators that PBGen exports
Version: $version
Libs: -L\${libdir} -lpbgen
Cflags: -I\${includedir}
EOF
}

# From the CMake files up to the prefix: as many .. as there are folders between, so that the whole may be moved.
up_to_prefix() {
  case $cmakedir in
    "$prefix"/*) printf '%s' "${cmakedir#"$prefix"/}" | sed 's|[^/][^/]*|..|g' ;;
    *) return 1 ;;
  esac
}

# A text as sed puts it in as it is.
literal() { printf '%s' "$1" | sed -e 's/[&|\\]/\\&/g' -e '$!s/$/\\/'; }

cmake_config() {
  if up=$(up_to_prefix); then
    root="get_filename_component(_pbgen_here \"\${CMAKE_CURRENT_LIST_DIR}\" REALPATH)  # /lib may lead to /usr/lib
get_filename_component(_pbgen_prefix \"\${_pbgen_here}/$up\" ABSOLUTE)"
    library_folder=$(below_prefix '${_pbgen_prefix}' "$libdir")
    header_folder=$(below_prefix '${_pbgen_prefix}' "$includedir")
  else
    root="# The folders of this installation have no common one, so that it cannot be moved."
    library_folder=$libdir
    header_folder=$includedir
  fi
  sed -e "s|@root@|$(literal "$root")|" -e "s|@libdir@|$(literal "$library_folder")|" \
    -e "s|@includedir@|$(literal "$header_folder")|" -e "s|@soname@|$soname|" tools/packaging/pbgenConfig.cmake.in
}

cmake_version() { sed -e "s|@version@|$version|" tools/packaging/pbgenConfigVersion.cmake.in; }

# One file at a time; a read of each line, for a path may have spaces.
each_file() {
  files | while IFS='|' read -r kind source destination; do "$1" "$kind" "$source" "$DESTDIR$destination"; done
}

check_built() {
  case $1 in
    program | data) [ -f "$2" ] || die "$2 is missing: run \`make\` first, as the user whom this folder belongs to" ;;
  esac
}

install_file() {
  mkdir -p "$(dirname "$3")"
  case $1 in
    program) $INSTALL_PROGRAM "$2" "$3" ;;
    data) $INSTALL_DATA "$2" "$3" ;;
    link) ln -sf "$2" "$3" ;;
    made)
      "$2" >"$scratch/made"
      $INSTALL_DATA "$scratch/made" "$3"
      ;;
  esac
}

remove_file() { rm -f "$3"; }
show_file() { printf '%s\n' "$3"; }

# So that a program finds the library at once.  Not below DESTDIR, where a package is put together, nor for a user's own folder.
tell_loader() {
  if [ -z "$DESTDIR" ] && [ "$(id -u)" -eq 0 ] && command -v "$LDCONFIG" >/dev/null; then "$LDCONFIG"; fi
}

case $action in
  list) each_file show_file ;;
  install)
    each_file check_built
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    each_file install_file
    tell_loader
    [ "$what" = edge ] || echo "installed: $DESTDIR$bindir/pbgen-*"
    echo "installed: $DESTDIR$libdir/libpbgen.*, $DESTDIR$includedir/pbgen.h"
    ;;
  uninstall)
    each_file remove_file
    own_folders | while IFS= read -r folder; do rmdir "$DESTDIR$folder" 2>/dev/null || true; done
    tell_loader
    ;;
  *) die "expected install, uninstall or list" ;;
esac
