#!/bin/sh
# What is committed as FOLDER/pbgen-VERSION.tar.gz: the same bytes wherever it is made of the same commit.  Built from it, programs name
# that commit (.git_archival.txt).
#
#   dist.sh FOLDER VERSION
set -eu
folder=$1
name=pbgen-$2
if ! git rev-parse --verify --quiet HEAD >/dev/null || [ ! -e .git ]; then
  echo "make dist: this is no checkout, and an archive holds what git does: clone the repository" >&2
  exit 1
fi
if [ -n "$(git status --porcelain)" ]; then echo 'make dist: what is not committed is left out' >&2; fi
mkdir -p "$folder"
partial=$folder/$name.tar.partial-$$
trap 'rm -f "$partial" "$partial.gz"' EXIT
git -c core.abbrev=10 -c tar.umask=0022 archive --format=tar --prefix="$name/" --output="$partial" HEAD
gzip -9 -n "$partial"
mv "$partial.gz" "$folder/$name.tar.gz"
echo "$folder/$name.tar.gz: commit $(git rev-parse --short=10 HEAD)"
