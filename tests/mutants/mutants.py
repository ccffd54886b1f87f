#!/usr/bin/env python3
"""Changes one line of the engine at a time, builds and runs the tests of its room, and lists the changes that no test notices.

  make mutants [MUTANTS_FLAGS='--jobs 2 --drawn 100 --seed 1 --only adam --minutes 30']

Half of the changes are written down in list.txt, half are drawn from all lines by a seed.  A change that is no fault has a sentence in
accepted.txt and is not made again.  All happens in a temporary copy of the sources and of what make built, which is removed.  What
survives is also written, as records that --list takes, to the file that --survivors names.  Exit code 0 where every change is noticed or
accepted, 1 where one survives, 2 where something cannot be used.
"""

import argparse
import collections
import os
import queue
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True  # nothing is left in the tree

import records  # noqa: E402
from build import Base, Failed, Processes, Stopped, Toolchain, Worker, words, words_by_name  # noqa: E402
from draw import draw  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# Out of time: noticed as well where it waits for ever, but perhaps only hindered by what else the machine does.
VERDICTS = ["killed", "out of time", "survived", "not compiled", "accepted"]
NOTICED = ["killed", "out of time"]


def arguments():
    parser = argparse.ArgumentParser(description="Lists the one-line changes to the engine that no test notices.")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="changes that are tried at once (1)")
    parser.add_argument("--list", default=os.path.join(HERE, "list.txt"), metavar="FILE", help="the changes that are written down")
    parser.add_argument("--no-list", action="store_true", help="only drawn changes")
    parser.add_argument("--drawn", type=int, default=100, metavar="N", help="changes that are drawn, of those that compile (100)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the drawn changes (1)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only files whose path contains TEXT")
    parser.add_argument("--minutes", type=float, metavar="N", help="begin no change after so long")
    parser.add_argument("--survivors", metavar="FILE", help="where to write those that survive")
    parser.add_argument("--most-units", type=int, default=8, metavar="N", help="draw from no header that more sources include (8)")
    for name in ["cxx", "flags", "leaf-flags", "edge-flags", "link-flags", "built", "library", "sources", "tests"]:
        parser.add_argument("--" + name, required=True, metavar="WORDS", help="as make has them")
    return parser.parse_args()


def collected(options, base):
    """(written mutants, an iterator over drawn ones, the keys of those that are accepted)."""
    texts = base.texts()
    errors = []
    written = []
    accepted = set()
    for record in [] if options.no_list else records.read(options.list):
        try:
            written.append(records.find(record, texts))
        except records.Unusable as error:
            errors.append(str(error))
    for record in records.read(os.path.join(HERE, "accepted.txt")):
        try:
            path = records.path_of(record, texts)
            if record.old not in map(str.strip, texts[path].split("\n")):
                raise records.Unusable(f"{record.place}: {path}: no line is such any more; remove the record: {record.old}")
            accepted.add((path, record.old, record.new))
        except records.Unusable as error:
            print(error, file=sys.stderr)
    if errors:
        raise records.Unusable("\n".join(errors))
    written = [mutant for mutant in written if options.only in mutant.path]
    random.Random(options.seed).shuffle(written)  # a run that is cut short has looked everywhere
    drawn_from = {path: text for path, text in texts.items() if options.only in path and len(base.units_of(path)) <= options.most_units}
    taken = {mutant.key() for mutant in written}
    return written, (mutant for mutant in draw(drawn_from, options.seed) if mutant.key() not in taken), accepted


class Run:
    """Hands mutants to workers and keeps their verdicts."""

    def __init__(self, options, written, drawn, accepted):
        self.lock = threading.Lock()
        self.written = collections.deque(written)
        self.drawn = drawn
        self.drawn_left = options.drawn
        self.accepted = accepted
        self.end = None if options.minutes is None else time.monotonic() + 60 * options.minutes
        self.results = []  # (mutant, verdict)

    def next(self):
        """The next mutant, None where there are no more.  A drawn one that does not compile is replaced: see done()."""
        with self.lock:
            while self.end is None or time.monotonic() < self.end:
                if self.written:
                    mutant = self.written.popleft()
                elif self.drawn_left > 0:
                    mutant = next(self.drawn, None)
                    self.drawn_left -= 1
                else:
                    return None
                if mutant is None or mutant.key() not in self.accepted:
                    return mutant
                self.results.append((mutant, "accepted"))
        return None

    def done(self, mutant, verdict):
        with self.lock:
            self.results.append((mutant, verdict))
            if mutant.drawn and verdict == "not compiled":
                self.drawn_left += 1
            if verdict in ("out of time", "survived") or verdict == "not compiled" and not mutant.drawn:
                print(described(mutant, verdict), flush=True)
            if len(self.results) % 10 == 0:
                print(f"{len(self.results)} changes", file=sys.stderr, flush=True)


def described(mutant, verdict):
    return f"{verdict}: {mutant.path}:{mutant.line}: {mutant.why}\n  - {mutant.old.strip()}\n  + {mutant.new.strip()}"


def table(results):
    counts = collections.defaultdict(collections.Counter)
    for mutant, verdict in results:
        for row in [mutant.path.split("/")[0], "drawn" if mutant.drawn else "written", "all"]:
            counts[row][verdict] += 1
    lines = [f"{'':10}{'tried':>8}" + "".join(f"{verdict:>14}" for verdict in VERDICTS)]
    last = ["all", "drawn", "written"]
    for row in sorted(counts, key=lambda row: (last.index(row) + 1 if row in last else 9, row)):
        tried = counts[row]["survived"] + sum(counts[row][verdict] for verdict in NOTICED)
        lines.append(f"{row:10}{tried:>8}" + "".join(f"{counts[row][verdict]:>14}" for verdict in VERDICTS))
    return "\n".join(lines)


def try_all(options, run, base, work):
    failures = queue.Queue()

    def serve(number):
        try:
            worker = Worker(base, work, number)
            while (mutant := run.next()) is not None:
                run.done(mutant, worker.verdict(mutant))
        except Stopped:
            pass
        except Exception as failure:  # of this program: told by the main thread
            failures.put(failure)
            base.processes.stop()

    threads = [threading.Thread(target=serve, args=(number,), daemon=True) for number in range(options.jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)  # so that a signal is heard
    if not failures.empty():
        raise failures.get()


def main():
    options = arguments()
    toolchain = Toolchain(words(options.cxx), words(options.flags), words_by_name(options.leaf_flags), words(options.edge_flags),
                          words(options.link_flags))  # fmt: skip
    processes = Processes()
    work = tempfile.mkdtemp(prefix="pbgen-mutants-")
    run = None

    def interrupted(number, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)
    try:
        base = Base(ROOT, work, options.built, options.sources.split(), options.tests.split(), options.library, toolchain, processes)
        written, drawn, accepted = collected(options, base)
        run = Run(options, written, drawn, accepted)
        try_all(options, run, base, work)
    except (records.Unusable, Failed) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        processes.stop()
        print("interrupted; what was tried until then:", file=sys.stderr)
    finally:
        processes.stop()
        shutil.rmtree(work, ignore_errors=True)
    if run is None:
        return 2
    survivors = [mutant for mutant, verdict in run.results if verdict == "survived"]
    if options.survivors:
        with open(options.survivors, "w", encoding="utf-8") as file:
            file.write(records.write(survivors))
    print(f"seed {options.seed}\n{table(run.results)}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
