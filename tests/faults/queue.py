#!/usr/bin/env python3
"""Kills the workers of a queue, and the trainings that they started, at random moments (SIGKILL): in the end the trials of a search's first
step are those of a search that nobody disturbed, byte for byte.

Each round asks `plan --search --list` what is to be trained and runs the lines, each twice, some at once; a process that is killed leaves
its line to the next round.  A training whose worker was killed goes on alone, and the next worker leaves it alone.
"""

import argparse
import collections
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import jobs

SEARCH = ('--size 16 --g-widths 8,8,8,8 --d-widths 8,8,8,8 --z-dim 16 --batch 8 --synthetic-images 64 --iterations 200 --keep 2 '
          '--checkpoint-every 20 --sample-every 100 --swd-every 100 --swd-images 16 --swd-repeats 1 --bn-calibrate 1 '
          '--seeds 24 --threads 1')
NO_ANSWER = 5  # so small a baseline learns nothing, and the search ends with it
ENVIRONMENT = dict(os.environ, OMP_NUM_THREADS='1', OMP_WAIT_POLICY='passive', PBGEN_ISA='ref')


def processes_of(folder):
    """Numbers of the tools whose command line names the folder: (workers, trainings)."""
    found = collections.defaultdict(list)
    for entry in pathlib.Path('/proc').iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / 'cmdline').read_bytes().split(b'\0')
        except OSError:
            continue
        if words[0] and any(str(folder).encode() in word for word in words[1:]):
            found[pathlib.PurePath(words[0].decode(errors='replace')).name].append(int(entry.name))
    return found['plan'], found['train_gan']


class Queue:
    def __init__(self, options, folder):
        self.plan = [str(pathlib.Path(options.tools).resolve() / 'plan'), '--search', *SEARCH.split(), '--out', str(folder)]
        self.folder = folder
        self.side_by_side = options.jobs
        self.random = random.Random(options.seed)
        self.kills_left = options.kills
        self.killed = collections.Counter()
        self.next_kill = 0.0

    def listed(self):
        done = subprocess.run([*self.plan, '--list'], env=ENVIRONMENT, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f'--list ended with {done.returncode}: {done.stderr}')
        return done.stdout.splitlines()

    def maybe_kill(self):
        if self.kills_left == 0 or time.monotonic() < self.next_kill:
            return
        self.next_kill = time.monotonic() + self.random.uniform(0.02, 0.4)
        workers, trainings = processes_of(self.folder)
        kind, numbers = self.random.choice([('worker', workers), ('training', trainings)])
        if not numbers:
            return
        try:
            os.kill(self.random.choice(numbers), signal.SIGKILL)
        except ProcessLookupError:
            return
        self.killed[kind] += 1
        self.kills_left -= 1

    def run_round(self, lines):
        """Every line twice, in any order, some at once.  What a killed worker or training says is not judged."""
        waiting = lines * 2
        self.random.shuffle(waiting)
        running = []
        while waiting or running:
            while waiting and len(running) < self.side_by_side:
                running.append(subprocess.Popen(['sh', '-c', waiting.pop()], env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL, cwd='/'))
            self.maybe_kill()
            running = [child for child in running if child.poll() is None]
            time.sleep(0.005)

    def run(self, seconds):
        end = time.monotonic() + seconds
        rounds = 0
        while lines := self.listed():
            if time.monotonic() > end:
                sys.exit(f'after {seconds} s and {rounds} rounds these are not done:\n' + '\n'.join(lines))
            self.run_round(lines)
            rounds += 1
        return rounds


def trials_of(folder):
    kept = jobs.tree(folder / 'trials')
    return {name: what for name, what in kept.items() if pathlib.PurePath(name).name != 'worker.json'}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0], allow_abbrev=False)
    parser.add_argument('--tools', required=True, help='folder of the built tools')
    parser.add_argument('--kills', type=int, default=200)
    parser.add_argument('--seed', type=int, default=1, help='of the moments')
    parser.add_argument('--jobs', type=int, default=4, help='workers side by side')
    parser.add_argument('--seconds', type=float, default=900, help='after which it has hung')
    options = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix='pbgen-queue-')).resolve()
    try:
        undisturbed = Queue(options, scratch / 'undisturbed')
        whole = subprocess.run(undisturbed.plan, env=ENVIRONMENT, capture_output=True, text=True)
        if whole.returncode not in (0, NO_ANSWER):
            sys.exit(f'the undisturbed search ended with {whole.returncode}: {whole.stderr}')
        queue = Queue(options, scratch / 'queue')
        rounds = queue.run(options.seconds)
        expected, found = trials_of(scratch / 'undisturbed'), trials_of(scratch / 'queue')
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    different = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    for name in different:
        print(f'{name}: not as where nobody disturbed it')
    trials = len({name.split('/')[0] for name in expected})
    print(f'queue: {trials} trials, {queue.killed["worker"]} workers and {queue.killed["training"]} trainings killed, {rounds} rounds')
    if queue.kills_left:
        print(f'queue: all was done before {queue.kills_left} kills more')
    print(f'{len(expected) - len(different)} passed, {len(different)} failed')
    return 1 if different or not expected else 0


if __name__ == '__main__':
    sys.exit(main())
