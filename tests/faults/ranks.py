#!/usr/bin/env python3
"""Kills ranks of one training at random moments (SIGKILL), and has it go on with another number of ranks each time: in the end its
checkpoints and samples are those of one process that nobody disturbed, byte for byte, and no job outlives its rank by 10 s.

Needs a build with MPI: `make MPI=1 && python3 tests/faults/ranks.py --tools build/release/bin`.
"""

import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

RUN = ('--size 16 --g-widths 16,12,8,8 --d-widths 8,8,12,16 --z-dim 8 --batch 32 --shards 4 --synthetic-images 200 --ema 0.9 --mirror '
       '--setting H --checkpoint-every 10 --keep 2 --sample-every 2000 --swd-every 4000 --swd-images 16 --bn-calibrate 1')
ENVIRONMENT = dict(os.environ, OMP_NUM_THREADS='1', OMP_WAIT_POLICY='passive')
MOST_SECONDS = 10.0  # from a rank's death to the job's end


def ranks_of(folder):
    """Process numbers of the run's ranks."""
    found = []
    for entry in pathlib.Path('/proc').iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if str(folder).encode() in (entry / 'cmdline').read_bytes() and b'OMPI_COMM_WORLD_RANK=' in (entry / 'environ').read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for room in ('checkpoints', 'samples') for path in sorted((folder / room).iterdir())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--tools', required=True, help='the folder of train_gan')
    parser.add_argument('--kills', type=int, default=200)
    parser.add_argument('--iterations', type=int, default=0, help='default: 300 a kill')
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    tool = str(pathlib.Path(options.tools).resolve() / 'train_gan')
    iterations = options.iterations or 300 * options.kills
    draw = random.Random(options.seed)

    with tempfile.TemporaryDirectory() as scratch:
        reference = pathlib.Path(scratch) / 'undisturbed'
        run = pathlib.Path(scratch) / 'killed'
        flags = [*RUN.split(), '--iterations', str(iterations)]
        subprocess.run([tool, *flags, '--out', str(reference)], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=True)
        kills = 0
        sittings = 0
        slowest = 0.0
        while True:
            count = draw.choice((1, 2, 4))
            launch = ['mpirun', '--allow-run-as-root', '--oversubscribe', '--bind-to', 'none', '-n', str(count)]
            begun = time.monotonic()
            job = subprocess.Popen([*launch, tool, *flags, '--resume', 'auto', '--out', str(run)], env=ENVIRONMENT,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            sittings += 1
            killed = None
            if kills < options.kills:
                time.sleep(draw.uniform(0.2, 2.0))
                ranks = ranks_of(run)
                if ranks and job.poll() is None:
                    os.kill(draw.choice(ranks), signal.SIGKILL)
                    kills += 1
                    killed = time.monotonic()
            _, said = job.communicate()
            if killed is not None:
                slowest = max(slowest, time.monotonic() - killed)
            if slowest > MOST_SECONDS:
                sys.exit(f'kill {kills}: the job ended {slowest:.1f} s after its rank\n{said}')
            if job.returncode == 0:
                break
            if killed is None:
                sys.exit(f'a sitting on {count} ranks ended with {job.returncode} after {time.monotonic() - begun:.0f} s\n{said}')
        expected = contents(reference)
        left = contents(run)
        wrong = sorted(name for name in expected.keys() | left.keys() if expected.get(name) != left.get(name))
        if wrong:
            sys.exit(f'not as undisturbed: {", ".join(wrong)}')
        print(f'ranks: {kills} kills over {sittings} sittings of 1, 2 or 4 ranks, the slowest end {slowest:.1f} s; '
              f'{len(expected)} files are those of an undisturbed run')


if __name__ == '__main__':
    main()
