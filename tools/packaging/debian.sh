#!/bin/sh
# Debian packages of FOLDER/pbgen-VERSION.tar.gz, in FOLDER/debian: pbgen (the tools), libpbgen1, libpbgen-dev, and their source.  They are
# built in a scratch folder, by dpkg-buildpackage, without the network, and read by lintian, whose errors count.  No licence is chosen yet:
# the packages are for your own machines.
#
#   debian.sh FOLDER VERSION     DEBFULLNAME and DEBEMAIL: the maintainer; else who committed last
set -eu
folder=$1
version=$2
for program in dpkg-buildpackage dh lintian; do
  command -v "$program" >/dev/null || { echo "make deb: $program is missing: run \`make deps-deb\`" >&2; exit 1; }
done
maintainer="${DEBFULLNAME:-$(git log -1 --format=%cn)} <${DEBEMAIL:-$(git log -1 --format=%ce)}>"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/pbgen-$version

cp "$folder/pbgen-$version.tar.gz" "$scratch/pbgen_$version.orig.tar.gz"
tar -x -z -f "$scratch/pbgen_$version.orig.tar.gz" -C "$scratch"
cp -R "$tree/tools/packaging/debian" "$tree/debian"
chmod 755 "$tree/debian/rules"
literal=$(printf '%s' "$maintainer" | sed 's/[&|\\]/\\&/g')
sed -i "s|@maintainer@|$literal|" "$tree/debian/control"
cat >"$tree/debian/changelog" <<EOF
pbgen ($version-1) unstable; urgency=medium

  * Commit $(git rev-parse --short=10 HEAD), packaged by its own tools/packaging/debian.sh.

 -- $maintainer  $(git log -1 --format=%cD)
EOF

# Not with what this make was asked for: its OUT would have the package built, and cleaned, there.
(cd "$tree" && env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL dpkg-buildpackage --no-sign)
lintian --fail-on error --info --display-info "$scratch"/pbgen_"$version"-1_*.changes
rm -rf "$folder/debian"
mkdir -p "$folder/debian"
cp "$scratch"/*.deb "$scratch"/*.dsc "$scratch"/*.tar.* "$scratch"/*.changes "$scratch"/*.buildinfo "$folder/debian"
ls -l "$folder/debian"
