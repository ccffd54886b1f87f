#!/bin/sh
# Puts into a page what it names beside itself, so that one file is all: sh tools/web/assemble.sh PAGE MODULES >index.html
#
# <script src="X"></script> gets the text of X; a script of data, data-src="X", the bytes of X in base64 and its name.  X lies beside the
# page, a module (X.wasm) in MODULES.  A model that is not there is left out.
set -eu
page=$1
modules=$2
folder=$(dirname "$page")

while IFS= read -r line; do
  case $line in
    *' data-src="'*)
      source=${line#* data-src=\"}
      source=${source%%\"*}
      name=${source##*/}
      case $name in *.wasm) path=$modules/$name ;; *) path=$folder/$source ;; esac
      if [ -e "$path" ]; then
        printf '%s data-name="%s">' "${line%% data-src=*}" "$name"
        base64 "$path" | tr -d '\n'
        printf '</script>\n'
      fi
      ;;
    *'<script src="'*)
      source=${line#*src=\"}
      printf '<script>\n'
      cat "$folder/${source%%\"*}"
      printf '</script>\n'
      ;;
    # The page beside its files asks its server for them; the whole one asks nobody for anything.
    *'connect-src '*) printf '%s\n' "$line" | sed "s/connect-src 'self'; //" ;;
    *"script-src 'self' "*) printf '%s\n' "$line" | sed "s/script-src 'self' /script-src /" ;;
    *) printf '%s\n' "$line" ;;
  esac
done <"$page"
