#!/bin/sh
# A manual page of a --help that is plain text, which comes in on stdin: `NAME: what it is`, a line that begins with `Usage: NAME`, and text
# that stays as it is.  A tool that declares its flags makes a better one itself (--help=man).
#
#   footprint --help | plain_manual.sh pbgen-footprint DATE SOURCE
set -eu
name=$1
sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/'/\\\\(aq/g" -e 's/^\./\\\&./' | awk -v name="$(printf '%s' "$name" | sed 's/-/\\\\-/g')" \
  -v title="$(printf '%s' "$name" | tr 'a-z' 'A-Z')" -v date="$2" -v source="$3" '
  NR == 1 {
    printf ".TH \"%s\" 1 \"%s\" \"%s\" \"PBGen\"\n.nh\n.ad l\n", title, date, source
    printf ".SH NAME\n%s \\- %s\n", name, substr($0, index($0, ": ") + 2)
  }
  /^Usage: / { sub(/^Usage: [^ ]*/, ""); printf ".SH SYNOPSIS\n\\fB%s\\fR%s\n.SH DESCRIPTION\n.nf\n", name, $0; begun = 1; next }
  begun && (NF || said) { print; said = 1 }
  END { print ".fi" }'
