#!/bin/sh
# Runs fuzz targets; `make fuzz` calls this.
#
#   tests/fuzz/run.sh FOLDER RUNS JOBS TARGET...
#
# FOLDER holds the targets (FOLDER/bin/TARGET) and takes seeds, corpora and what is found.  Each target is executed RUNS times by JOBS
# processes, each with a corpus of its own.  Exit code 1 where a process found something.
set -eu
folder=$1
runs=$2
jobs=$3
shift 3

# Inputs are small, so that all of what is read stays far below what a reader could take by mistake.  The targets themselves compare
# each peak with what the headers state; these limits are for whatever does not come back to them.  The largest single block that is right
# is the arena of 4 MB that fuzz_model grants.  An execution takes less than a millisecond, but the clock also runs while others have
# the processor.
limits='-max_len=24576 -malloc_limit_mb=64 -rss_limit_mb=2048 -timeout=300'
# The quarantine is larger than all that one execution frees, and small enough for the caches.
export ASAN_OPTIONS="malloc_context_size=8:quarantine_size_mb=16:max_redzone=64:${ASAN_OPTIONS:-}"

# The last number that each log of a target has behind a word: their sum, or the largest.
gather() {
  awk -v word="$1" -v how="$2" '
    { for (i = 1; i < NF; ++i) if ($i == word) last[FILENAME] = $(i + 1) }
    END {
      for (log_file in last) { sum += last[log_file]; if (last[log_file] > most) most = last[log_file] }
      print how == "sum" ? sum + 0 : most + 0
    }' "$work"/log-*
}

pids=
trap 'kill $pids 2>/dev/null; exit 1' INT TERM

found=0
for target in "$@"; do
  work=$folder/fuzz/$target
  rm -rf "$work/seeds" "$work"/log-* "$work"/corpus-*
  mkdir -p "$work/seeds" "$work/found"
  "$folder/bin/$target" --make-seeds "$work/seeds" >/dev/null
  printf '%s: %s executions in %s processes ..\n' "$target" "$runs" "$jobs"
  job=0
  pids=
  while [ "$job" -lt "$jobs" ]; do
    share=$(((runs + job) / jobs))
    mkdir -p "$work/corpus-$job"
    # shellcheck disable=SC2086
    "$folder/bin/$target" $limits -runs="$share" -seed="$((job + 1))" -print_final_stats=1 -artifact_prefix="$work/found/" \
      "$work/corpus-$job" "$work/seeds" >"$work/log-$job" 2>&1 &
    pids="$pids $!"
    job=$((job + 1))
  done
  failed=
  job=0
  for pid in $pids; do
    wait "$pid" || failed="$failed $work/log-$job"
    job=$((job + 1))
  done
  printf '%s: %s executions, %s a second, coverage %s edges\n' "$target" "$(gather stat::number_of_executed_units: sum)" \
    "$(gather stat::average_exec_per_sec: sum)" "$(gather cov: most)"
  for log in $failed; do
    found=1
    grep -m 3 'broken promise\|runtime error\|ERROR\|what()' "$log" || tail -n 3 "$log"
    reproducer=$(sed -n 's/^artifact_prefix=.*Test unit written to //p' "$log" | tail -n 1)
    printf '  the whole report: %s\n  again with: %s %s\n' "$log" "$folder/bin/$target" "${reproducer:-(see the report)}"
  done
done
if [ "$found" = 0 ]; then echo 'fuzz: nothing found'; else echo 'fuzz: found something, see above'; fi
exit "$found"
