# What bash offers after a command line: complete.bash FILE WORD...  The last word is the one that stands at the cursor; an item a line.
# shellcheck disable=SC1090
compopt() { :; }  # it works only where a person completes
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
$(complete -p "$1" | sed 's/.* -F \([^ ]*\) .*/\1/') "$1"
printf '%s\n' "${COMPREPLY[@]}"
