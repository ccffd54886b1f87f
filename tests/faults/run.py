#!/usr/bin/env python3
"""Disturbs every tool's input and output, one call at a time, and kills it at every moment that matters.

    tests/faults/run.py --tools build/release/bin [--shim fail_io.so] [--only WORD] [--all] [--seed N] [--verbose]

Each job (jobs.py) runs once undisturbed under fail_io.c, which counts its calls.  Then it runs again for each call, or for some of
them, evenly chosen, and that call fails.  What must hold:

  - the tool ends with exit code 6 and a line that names the file and the system's reason (3 where pictures could not be opened), or
    with 0 and everything that was asked for; never by a signal, never with an 'internal error';
  - each file under a final name is whole: as an undisturbed run leaves it, or as it was before;
  - no partial file is left by a tool that ended by itself;
  - the same command again (train_gan: --resume auto) succeeds and leaves what an undisturbed run leaves, and no partial file.

Killed (SIGKILL), before a call or at a random moment, the last two hold of the next run.  Closes on 'N passed, N failed'.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import jobs

# How a call may fail, and what the system calls it.  '+': whatever asks for room fails from then on, as on a disk that is full.
FAILURES = {
    'create': ('ENOSPC+', 'EACCES', 'EIO', 'EDQUOT+'),
    'mkdir': ('ENOSPC+', 'EACCES', 'EROFS'),
    'write': ('ENOSPC+', 'EIO', 'EDQUOT+', 'short'),
    'ftruncate': ('ENOSPC+', 'EIO'),
    'fsync': ('EIO', 'ENOSPC+'),
    'fdatasync': ('EIO', 'ENOSPC+'),
    'syncfs': ('EIO', 'ENOSPC+'),
    'rename': ('EIO', 'ENOSPC+', 'EACCES'),
    'link': ('EIO', 'ENOSPC+'),
    'close': ('EIO', 'ENOSPC+', 'EDQUOT+'),
    'unlink': ('EIO', 'EROFS'),
    'flock': ('ENOLCK', 'EIO'),
    'open': ('EIO', 'EACCES'),
    'read': ('EIO', 'short'),
    'mmap': ('EIO', 'EACCES'),
}
REASONS = {
    'ENOSPC': 'No space left on device', 'EIO': 'Input/output error', 'EDQUOT': 'Disk quota exceeded', 'EACCES': 'Permission denied',
    'EROFS': 'Read-only file system', 'ENOLCK': 'No locks available',
}
READING = ('open', 'read', 'mmap')
SECONDS = 120


class Harness:
    def __init__(self, options, scratch):
        self.tools = pathlib.Path(options.tools).resolve()
        self.options = options
        self.scratch = scratch
        self.fixtures = scratch / 'fixtures'
        self.verdicts = collections.Counter()
        self.failed = 0
        self.open_to_others = False
        self.all_jobs = []

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith('FAIL_IO')}
        return dict(kept, OMP_NUM_THREADS='1', OMP_WAIT_POLICY='passive', **more)

    def start(self, command, environment=None, **more):
        words = command.split()
        streams = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, **more}
        return subprocess.Popen([self.tools / words[0], *words[1:]], env=environment or self.environment(), **streams)

    def run(self, command, environment=None, **more):
        """Exit code, stdout and stderr; a tool that hangs is killed and has the code 'hung'."""
        child = self.start(command, environment, **more)
        try:
            out, err = child.communicate(timeout=SECONDS)
            return child.returncode, out, err.decode(errors='replace')
        except subprocess.TimeoutExpired:
            child.kill()
            _, err = child.communicate()
            return 'hung', b'', err.decode(errors='replace')

    def undisturbed(self, command):
        code, _, err = self.run(command)
        if code != 0:
            sys.exit(f'{command}: exit code {code} without a fault:\n{err}')

    def shim(self, job, folder, log, **more):
        settings = dict(more, ROOT=str(folder), LOG=str(log), PROGRAM=job.program)
        return self.environment(LD_PRELOAD=str(self.options.shim), **{f'FAIL_IO_{name}': value for name, value in settings.items()})


class Trial:
    """A job, its undisturbed result, and its disturbed runs, one after the other."""

    def __init__(self, harness, job, number):
        self.harness = harness
        self.job = job
        self.folder = harness.scratch / f'job-{number}' / 'd'
        self.log = harness.scratch / f'job-{number}' / 'calls'
        self.command = job.command.format(d=self.folder)
        self.again = job.again.format(d=self.folder)
        self.random = random.Random(f'{harness.options.seed} {job.name}')
        self.prepare()
        self.older = jobs.tree(self.folder)
        self.seen = [self.older]
        if job.history:
            harness.undisturbed(job.history.format(d=self.folder))
            self.seen.append(jobs.tree(self.folder))
        self.prepare()
        begin = time.monotonic()
        code, self.printed, err = harness.run(self.command, harness.shim(job, self.folder, self.log, CALLS=','.join(FAILURES)))
        self.seconds = time.monotonic() - begin
        if code != 0:
            sys.exit(f'{self.command}: exit code {code} without a fault:\n{err}')
        self.result = jobs.tree(self.folder)
        self.seen.append(self.result)
        self.only_prints = self.result == self.older
        self.calls = self.most_calls()

    def prepare(self):
        jobs.prepare(self.job, self.folder, self.harness.fixtures, self.harness.undisturbed)
        self.log.unlink(missing_ok=True)

    def most_calls(self):
        """Of each kind, the most that one process made."""
        counts = collections.Counter()
        for line in self.log.read_text().splitlines():
            program, process, call = line.split(' ')[:3]
            if program == self.job.program:
                counts[call, process] += 1
        return {call: max(number for (name, _), number in counts.items() if name == call) for call in {name for name, _ in counts}}

    def judge(self, kind, label, problems):
        self.harness.verdicts[self.job.name, kind, 'failed' if problems else 'passed'] += 1
        if problems:
            self.harness.failed += 1
        if problems or self.harness.options.verbose:
            print('\n        '.join([f'{"FAILED" if problems else "passed"}  {self.job.name}: {label}', *problems]), flush=True)

    def broken_files(self):
        problems = []
        now = jobs.tree(self.folder)
        for name, content in now.items():
            if name.endswith('log.csv'):
                continue  # it grows a row at a time; the next run drops half a row
            if content is None or not jobs.is_timed(name) and not any(files.get(name) == content for files in self.seen):
                problems.append(f'{name} is broken')
        # train_gan removes an older run's results before it writes its own, and generators of other programs keep what they do not replace.
        kept = [name for name in self.older if name in self.result and self.job.program != 'train_gan']
        return problems + [f'{name}, which was there before, is gone' for name in kept if name not in now]

    def next_run(self, call=''):
        """The same again leaves what an undisturbed run leaves."""
        code, printed, err = self.harness.run(self.again)
        if code == 2 and 'iterations already' in err:  # all was done
            code = 0
        if code != 0:
            return [f'the next run ends with {code}: {last_line(err)}']
        after = jobs.tree(self.folder)
        # A profile is of the sitting that trained.
        problems = [f'after the next run {name} is missing' for name in self.result
                    if name not in after and not name.endswith('profile.txt')]
        problems += [f'after the next run {name} is not as an undisturbed run leaves it' for name, content in after.items()
                     if name in self.result and content != self.result[name]]
        if call != 'unlink':
            problems += [f'after the next run there is {name}' for name in after if name not in self.result and name not in self.older]
        problems += [f'the next run leaves {name}' for name in jobs.partials(self.folder)]
        if self.only_prints and printed != self.printed:
            problems.append('the next run prints something else')
        return problems

    def polite(self, call, failure, code, out, err):
        reason = REASONS.get(failure.rstrip('+'), failure)
        if code == 0:
            now = jobs.tree(self.folder)
            wrong = [f'{name} is missing or broken though the exit code is 0' for name, content in self.result.items()
                     if now.get(name) != content]
            return wrong + (['prints something else though the exit code is 0'] if self.only_prints and out != self.printed else [])
        if failure == 'short':
            return [f'ends with {code}: {last_line(err)}']
        allowed = (6, 3) if call == 'open' else (6,)
        problems = [] if code in allowed else [f'exit code {code}, expected 6']
        lines = [line for line in err.splitlines() if reason in line]
        if not any(str(self.folder) in line for line in lines):
            problems.append(f'no line names file and reason: {last_line(err)}')
        if 'internal error' in err or 'terminate' in err:
            problems.append(f'speaks of an internal error: {last_line(err)}')
        return problems

    def met_call(self):
        """Which call failed, or was the last: its name and its file; '' where none was."""
        lines = [line for line in self.log.read_text().splitlines() if line.endswith(' !')]
        return lines[0].split(' ', 2)[2].removesuffix(' !').replace(str(self.folder), '.') if lines else ''

    def disturb(self, call, number, failure):
        self.prepare()
        more = {'CALLS': call, 'AT': str(number), 'AS': failure.rstrip('+')}
        if failure.endswith('+'):
            more['STAYS'] = '1'
        code, out, err = self.harness.run(self.command, self.harness.shim(self.job, self.folder, self.log, **more))
        met = self.met_call()
        label = f'{call} {number} of {self.calls[call]}: {failure}, exit {code} ({met or "not met"})'
        if not met:
            self.judge(call, label, ['the call was not made'])
            return
        problems = self.polite(call, failure, code, out, err) + self.broken_files()
        if call != 'unlink':
            problems += [f'{name} is left' for name in jobs.partials(self.folder)]
        self.judge(call, label, problems + self.next_run(call))

    def kill_at(self, number, count):
        self.prepare()
        code, _, err = self.harness.run(self.command, self.harness.shim(self.job, self.folder, self.log, AT=str(number), AS='kill'))
        met = self.met_call()
        label = f'kill before call {number} of {count} ({met or "not met"})'
        expected = code == -9 if self.program_is_the_tool() else code == 6
        self.wait_for_children()
        wrong = [] if expected and met else [f'exit code {code}: {last_line(err)}']
        self.judge('kill at a call', label, wrong + self.broken_files() + self.next_run())

    def kill_after(self, seconds):
        self.prepare()
        child = self.harness.start(self.command, start_new_session=True)
        time.sleep(seconds)
        os.killpg(child.pid, 9)
        child.communicate()
        self.judge('kill at random', f'kill after {seconds * 1000:.0f} ms', self.broken_files() + self.next_run())

    def program_is_the_tool(self):
        return self.job.program == self.command.split()[0]

    def wait_for_children(self):
        """What a killed tool had started has a process group of its own, and ends with its work."""
        own = str(self.folder).encode()
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            lines = []
            for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
                try:
                    lines.append(path.read_bytes())
                except OSError:
                    pass
            if not any(own in line for line in lines):
                return
            time.sleep(0.05)

    def under(self, label, reason, prepare=lambda: None, undo=lambda: None, **more):
        """In a situation that prepare() makes and undo() ends."""
        self.prepare()
        prepare()
        code, out, err = self.harness.run(self.command, **more)
        problems = self.polite('write', reason, code, out, err) + self.broken_files()
        problems += [f'{name} is left' for name in jobs.partials(self.folder)]
        undo()
        self.judge('situation', f'{label}, exit {code}', problems + self.next_run())

    def situations(self):
        """What needs no shim: limits, disks without room, an output that nobody takes, another user's folder."""
        self.prepare()
        _, out, _ = self.harness.run(self.command)
        self.prepare()
        with open('/dev/full', 'wb') as full:
            code, _, err = self.harness.run(self.command, stdout=full)
        # What prints nothing loses nothing.
        right = code == 6 and REASONS['ENOSPC'] in err if out else code == 0
        wrong = [] if right else [f'exit code {code}, expected {6 if out else 0} and the reason: {last_line(err)}']
        self.judge('situation', 'stdout is /dev/full', wrong + self.broken_files())
        if self.only_prints:
            return
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
        self.under('files of 512 bytes at most (RLIMIT_FSIZE)', 'File too large', preexec_fn=limit)
        if os.geteuid() != 0:
            print(f'skipped, root alone may do it: {self.job.name} as another user, and on disks without room')
            return
        if self.harness.open_to_others:
            self.under("another user's folder", REASONS['EACCES'], user=65534)
        if self.older:
            return
        mounted = lambda *words: subprocess.run(words, capture_output=True).returncode == 0
        for name, room in (('a disk of 16 kB', 'size=16k'), ('a disk with three inodes', 'nr_inodes=3')):
            mount = lambda: mounted('mount', '-t', 'tmpfs', '-o', room, 'none', self.folder)
            unmount = lambda: mounted('umount', self.folder)
            self.prepare()
            if mount() and unmount():
                self.under(name, REASONS['ENOSPC'], mount, unmount)
            else:
                print(f'skipped: {self.job.name} on {name}, which may not be mounted here')

    def all(self):
        options = self.harness.options
        most = options.most if self.job.most == 0 else min(options.most, self.job.most)
        for call, count in sorted(self.calls.items()):
            for turn, number in enumerate(evenly(count, 0 if options.all else most)):
                failures = FAILURES[call]
                for failure in failures if options.all else failures[turn % len(failures):][:1]:
                    self.disturb(call, number, failure)
        changing = sum(count for call, count in self.calls.items() if call not in READING)
        kills = options.kills if self.job.most == 0 else self.job.most
        if self.program_is_the_tool():
            self.situations()
        for number in evenly(changing, 0 if options.all else kills):
            self.kill_at(number, changing)
        if self.program_is_the_tool() and self.job.program == 'train_gan':
            for _ in range(options.random_kills):
                self.kill_after(self.random.uniform(0.0, 1.2 * self.seconds))


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else '(nothing)'


def evenly(count, most):
    """Numbers from 1 to count: all, or the first, the last and some between."""
    if most <= 0 or count <= most:
        return range(1, count + 1)
    return sorted({1 + round(i * (count - 1) / (most - 1)) for i in range(most)} if most > 1 else {1})


def unseen_calls(harness):
    """What strace sees of train_gan's changes and fail_io.c does not; None without strace."""
    if not shutil.which('strace'):
        return None
    folder = harness.scratch / 'strace'
    job = harness.all_jobs[0]
    trial_log, strace_log = folder / 'calls', folder / 'strace'
    (folder / 'd').mkdir(parents=True)
    environment = harness.shim(job, folder / 'd', trial_log)
    preload = environment.pop('LD_PRELOAD')
    words = job.command.format(d=folder / 'd').split()
    names = {'write': 'write', 'writev': 'write', 'pwrite64': 'write', 'rename': 'rename', 'renameat': 'rename', 'renameat2': 'rename',
             'fsync': 'fsync', 'fdatasync': 'fdatasync', 'syncfs': 'syncfs', 'mkdir': 'mkdir', 'mkdirat': 'mkdir', 'ftruncate': 'ftruncate'}
    strace = ['strace', '-f', '-qq', '-y', '-e', 'trace=' + ','.join(names), '-o', strace_log, '-E', f'LD_PRELOAD={preload}']
    if subprocess.run([*strace, harness.tools / words[0], *words[1:]], env=environment, capture_output=True).returncode != 0:
        return None  # where tracing is forbidden
    seen, counted = collections.Counter(), collections.Counter()
    if not trial_log.exists():
        sys.exit(f'{preload} was not loaded into {words[0]}: nothing would be disturbed')
    for line in strace_log.read_text(errors='replace').splitlines():
        call = line.split(None, 1)[1].split('(')[0]
        if call in names and f'{folder}/d' in line:
            seen[names[call]] += 1
    for line in trial_log.read_text().splitlines():
        counted[line.split(' ')[2]] += 1
    return {call: (number, counted[call]) for call, number in seen.items() if counted[call] != number}


def run_job(harness, number, job):
    Trial(harness, job, number).all()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0], allow_abbrev=False)
    parser.add_argument('--tools', required=True, help='folder of the built tools')
    parser.add_argument('--shim', required=True, type=pathlib.Path, help='fail_io.c, built as a shared library')
    parser.add_argument('--only', default='', help='jobs whose name begins so')
    parser.add_argument('--all', action='store_true', help='every call with every failure, and kill -9 before every call (an hour)')
    parser.add_argument('--most', type=int, default=8, help='calls of each kind that fail in a job, where not all do')
    parser.add_argument('--kills', type=int, default=24, help='calls of a job before which it is killed, where not all are')
    parser.add_argument('--random-kills', type=int, default=40, help='of each job of train_gan, killed at random moments')
    parser.add_argument('--seed', type=int, default=1, help='of the random moments')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='jobs side by side')
    parser.add_argument('--verbose', action='store_true', help='a line for each trial')
    options = parser.parse_args()
    options.shim = options.shim.resolve()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix='pbgen-faults-')).resolve()
    try:
        harness = Harness(options, scratch)
        has_page = (harness.tools / '../../web/index.html').exists()
        if not has_page:
            print('skipped: export --web, whose page is not built (make wasm)')
        harness.all_jobs = jobs.all_jobs(has_page)
        jobs.make_fixtures(harness.undisturbed, harness.fixtures)
        scratch.chmod(0o711)  # for another user
        try:
            harness.open_to_others = os.geteuid() == 0 and harness.run('plan --help', user=65534)[0] == 0
        except OSError:
            harness.open_to_others = False
            print('skipped: trials as another user, who may not enter the folder of the tools')
        difference = unseen_calls(harness)
        if difference is None:
            print('skipped: comparing the counted calls with those of strace, which is missing or may not trace here')
        elif difference:
            sys.exit(f'fail_io.c does not see every call (strace, fail_io): {difference}')
        chosen = [(number, job) for number, job in enumerate(harness.all_jobs) if job.name.startswith(options.only)]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for done in [pool.submit(run_job, harness, number, job) for number, job in chosen]:
                done.result()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print_table(harness.verdicts)
    passed = sum(number for (*_, verdict), number in harness.verdicts.items() if verdict == 'passed')
    print(f'{passed} passed, {harness.failed} failed')
    return 1 if harness.failed else 0


def print_table(verdicts):
    """Of each job and kind of call, how many were disturbed."""
    counts = collections.defaultdict(dict)
    for (job, call, _), number in verdicts.items():
        counts[job][call] = counts[job].get(call, 0) + number
    for job, calls in counts.items():
        print(f'{job}: ' + ', '.join(f'{number} {call}' for call, number in sorted(calls.items())))


if __name__ == '__main__':
    sys.exit(main())
