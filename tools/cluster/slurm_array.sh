#!/bin/sh
# One trial of a list for each task of a Slurm array:
#
#   ./tools/paper trials --scale paper --threads 4 --out /shared/paper --list >trials.txt
#   sbatch --array=1-$(wc -l <trials.txt)%16 --cpus-per-task=4 tools/cluster/slurm_array.sh trials.txt
#   ./tools/paper trials --scale paper --threads 4 --out /shared/paper --status
#
# Folders are to be seen by all nodes under the same path.  A task that is cancelled, or whose time is up, has saved: submit the array
# again, finished trials end at once and begun ones go on.  Name --time and --mem as your partition wants them; `train_gan --dry-run` tells
# both.
#SBATCH --job-name=pbgen
#SBATCH --ntasks=1
#SBATCH --signal=B:TERM@120
#SBATCH --requeue
set -eu
list=${1:?usage: sbatch --array=1-N $0 LIST}
line=$(sed -n "${SLURM_ARRAY_TASK_ID:?not in a Slurm array}p" "$list")
if [ -z "$line" ]; then
  echo "$list: has no line $SLURM_ARRAY_TASK_ID" >&2
  exit 2
fi
exec sh -c "$line"  # whose last word is an exec, too: the signal reaches what trains
