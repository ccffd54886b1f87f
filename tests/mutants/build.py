"""Builds and runs the tests of a room with one line changed: in a copy of the sources, beside objects that make built."""

import dataclasses
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import threading
import time

ROOMS = ["core", "layers", "optim", "gan", "metrics", "data"]
COPIED = ROOMS + ["tests", "tools/lib"]  # the last for headers that tests of gan include

# The folder of a file, the longest that fits -> the folders of tests that are run one after the other until one fails.
TESTS = {
    "core": ["core", "layers", "optim", "metrics", "data", "gan", "edge"],
    "layers": ["layers", "gan"],
    "optim": ["optim", "gan"],
    "gan": ["gan", "edge"],
    "gan/edge": ["edge"],
    "metrics": ["metrics"],
    "data": ["data"],
}

MEMORY = 12 << 30  # bytes of address space, and the largest file that a test may write
LARGEST_FILE = 1 << 30

OUT_OF_TIME = 124

SLOW_MS = 200  # a test that takes longer is a slow one


@dataclasses.dataclass(frozen=True)
class Toolchain:
    """Words of a command each, as make has them.  leaf: instruction set -> those of *_<instruction set>.cpp, edge: those of gan/edge/."""

    cxx: list
    flags: list
    leaf: dict
    edge: list
    link: list

    def compile(self, source, target):
        instruction_set = source.rpartition("_")[2].removesuffix(".cpp")
        more = self.leaf.get(instruction_set, []) + (self.edge if source.startswith("gan/edge/") else [])
        # Last, and so before all others: quick to compile.
        return [*self.cxx, *self.flags, *more, "-O1", "-g0", "-w", "-c", source, "-o", target]


@dataclasses.dataclass(frozen=True)
class Limits:
    """Of a room's tests: the time of a clock and of processors that they get, and which of them are slow."""

    seconds: float
    cpu_seconds: int
    slow: list


class Stopped(Exception):
    """The run was interrupted."""


class Processes:
    """Runs programs; stop() ends those that run and lets none begin."""

    def __init__(self):
        self.lock = threading.Lock()
        self.running = set()
        self.stopped = False

    def run(self, words, cwd, seconds, cpu_seconds=None, environment=None):
        """(exit code, output, seconds of processors).  OUT_OF_TIME: by the clock; negative: the signal that ended it."""

        def limits():
            os.setpgrp()  # not a session: Linux groups processes by it, and the priority that was chosen for this one would not hold
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if cpu_seconds is not None:
                resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))

        with self.lock:
            if self.stopped:
                raise Stopped
            process = subprocess.Popen(words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, preexec_fn=limits)  # fmt: skip
            self.running.add(process.pid)
        output = []
        reader = threading.Thread(target=lambda: output.append(process.stdout.read()), daemon=True)
        reader.start()
        end = time.monotonic() + seconds
        code = None
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid != 0:
                code = os.waitstatus_to_exitcode(status) if code is None else code
                break
            if code is None and time.monotonic() > end:
                code = OUT_OF_TIME
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(0.01)
        with self.lock:
            self.running.discard(process.pid)
        process.returncode = code  # it is waited for
        try:
            os.killpg(process.pid, signal.SIGKILL)  # what a test left
        except ProcessLookupError:
            pass
        reader.join(10)
        if self.stopped:
            raise Stopped
        return code, b"".join(output).decode("utf-8", "replace"), usage.ru_utime + usage.ru_stime

    def stop(self):
        with self.lock:
            self.stopped = True
            for pid in self.running:
                os.killpg(pid, signal.SIGKILL)


def copy_tree(root, target):
    for folder in COPIED:
        shutil.copytree(os.path.join(root, folder), os.path.join(target, folder), ignore=shutil.ignore_patterns("__pycache__"))


class Failed(Exception):
    """The tree as it is has tests that fail, or something does not link."""


class Base:
    """The tree as it is, its sources and what make built of them, copied: make may be called again meanwhile."""

    def __init__(self, root, work, built, sources, tests, library, toolchain, processes):
        """built: the folder of the objects.  sources: the library's.  tests: sources of tests and of what they share."""
        self.copy = os.path.join(work, "base")
        self.objects = os.path.join(work, "objects")
        self.library = os.path.join(work, "library.a")
        self.work = work
        self.toolchain = toolchain
        self.processes = processes
        copy_tree(root, self.copy)
        os.makedirs(self.objects)
        os.makedirs(os.path.join(work, "scratch"))
        shutil.copyfile(os.path.join(root, library), self.library)
        self.engine = [source for source in sources if source.split("/")[0] in ROOMS]
        self.support = [test for test in tests if test.startswith("tests/support/")]
        self.tests = {room: [test for test in tests if test.startswith(f"tests/{room}/")] for rooms in TESTS.values() for room in rooms}
        self.dependencies = {}  # source -> files that it is made of
        for source in self.engine + self.support + [test for room in self.tests.values() for test in room]:
            made = os.path.join(root, built, source.removesuffix(".cpp"))
            if source not in self.engine:
                shutil.copyfile(made + ".o", self.object_of(source))
            with open(made + ".d", encoding="utf-8") as file:
                names = file.read().replace("\\\n", " ").split("\n")[0].split()[1:]  # behind "target:"
            self.dependencies[source] = {os.path.normpath(name) for name in names if not name.startswith("/")}
        self.limits = {}  # room -> Limits
        self.lock = threading.Lock()

    def object_of(self, source):
        return os.path.join(self.objects, source.replace("/", "+")[:-4] + ".o")

    def texts(self):
        """path -> text of the engine's sources and of the headers that they are made of."""
        files = {name for source in self.engine for name in self.dependencies[source] if name.split("/")[0] in ROOMS}
        result = {}
        for path in sorted(files):
            with open(os.path.join(self.copy, path), encoding="utf-8") as file:
                result[path] = file.read()
        return result

    def units_of(self, path):
        """The engine's sources that must be compiled anew where a file changes.  Those of tools/lib, which few tests need, stay."""
        return [source for source in self.engine if path in self.dependencies[source]]

    def rooms_of(self, path):
        folder = max((room for room in TESTS if path.startswith(room + "/")), key=len)
        return TESTS[folder]

    def limits_of(self, room):
        """Of a room's tests, which are run once as they are, when they are first asked for.  Failed where one does not pass."""
        with self.lock:
            if room not in self.limits:
                scratch = os.path.join(self.work, "scratch")
                begin = time.monotonic()
                program = self.link(room, {}, None, self.copy, scratch)
                code, output, cpu_seconds = self.run(program, ["--gtest_print_time=1"], self.copy, 3600, None)
                if code != 0:
                    raise Failed(f"tests/{room} do not pass as they are:\n{output[-4000:]}")
                taken = {name: int(ms) for name, ms in re.findall(r"OK \] (\S+) \((\d+) ms\)", output)}
                slow = [name for name, ms in taken.items() if ms > max(SLOW_MS, 0.02 * sum(taken.values()))]
                self.limits[room] = Limits(30 + 20 * (time.monotonic() - begin), int(10 + 5 * cpu_seconds), slow)
            return self.limits[room]

    def link(self, room, changed, mutated, copy, scratch):
        """The program of a room's tests, those first that know the mutated file.  changed: source -> object that takes its place."""
        header = mutated and mutated.rpartition(".")[0] + ".h"
        stem = mutated and os.path.basename(mutated).partition(".")[0]

        def nearness(test):
            return not (stem and os.path.basename(test).startswith(stem)), header not in self.dependencies[test], test

        tests = [changed.get(test) or self.object_of(test) for test in sorted(self.tests[room], key=nearness) + self.support]
        units = [changed[source] for source in changed if not source.startswith("tests/")]
        program = os.path.join(scratch, "tests")
        words = [*self.toolchain.cxx, *tests, *units, self.library, *self.toolchain.link, "-o", program]
        code, output, _ = self.processes.run(words, copy, 3600)
        if code != 0:
            raise Failed(f"tests/{room} do not link:\n{output}")
        return program

    def run(self, program, flags, copy, seconds, cpu_seconds):
        temporary = program + "-files"
        os.makedirs(temporary)
        environment = {name: value for name, value in os.environ.items() if name != "PBGEN_TOOLS"}
        environment |= {"TEST_TMPDIR": temporary, "OMP_WAIT_POLICY": "passive"}
        result = self.processes.run([program, *flags], copy, seconds, cpu_seconds, environment)
        shutil.rmtree(temporary, ignore_errors=True)
        return result


class Worker:
    """A copy of the sources in which one mutant after the other is made."""

    def __init__(self, base, work, number):
        self.base = base
        self.copy = os.path.join(work, f"worker{number}")
        self.scratch = os.path.join(work, f"scratch{number}")
        shutil.copytree(base.copy, self.copy)
        os.makedirs(self.scratch)

    def _compile(self, sources):
        """source -> object; None where one does not compile."""
        objects = {}
        for source in sources:
            objects[source] = os.path.join(self.scratch, source.replace("/", "+")[:-4] + ".o")
            environment = {**os.environ, "CCACHE_DISABLE": "1"}
            words = self.base.toolchain.compile(source, objects[source])
            if self.base.processes.run(words, self.copy, 3600, environment=environment)[0] != 0:
                return None
        return objects

    def verdict(self, mutant):
        """"killed", "out of time", "survived" or "not compiled"."""
        path = os.path.join(self.copy, mutant.path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        lines = text.split("\n")
        assert lines[mutant.line - 1] == mutant.old
        lines[mutant.line - 1] = mutant.new
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(lines))
            return self._verdict(mutant)
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            for name in os.listdir(self.scratch):
                if name.endswith((".o", ".d")):
                    os.remove(os.path.join(self.scratch, name))

    def _verdict(self, mutant):
        units = self._compile(self.base.units_of(mutant.path))
        if units is None:
            return "not compiled"
        for room in self.base.rooms_of(mutant.path):
            affected = [test for test in self.base.tests[room] + self.base.support if mutant.path in self.base.dependencies[test]]
            tests = self._compile(affected)
            if tests is None:
                return "not compiled"
            limits = self.base.limits_of(room)
            program = self.base.link(room, units | tests, mutant.path, self.copy, self.scratch)
            # The slow tests last: most mutants are killed without them.
            slow = ":".join(limits.slow)
            for flags in [["--gtest_filter=-" + slow], ["--gtest_filter=" + slow]] if slow else [[]]:
                flags = [*flags, "--gtest_brief=1", "--gtest_fail_fast"]
                code = self.base.run(program, flags, self.copy, limits.seconds, limits.cpu_seconds)[0]
                if code != 0:
                    return "out of time" if code == OUT_OF_TIME else "killed"
        return "survived"


def words(text):
    return shlex.split(text)


def words_by_name(text):
    """"avx2: -mavx2 -mfma neon:" as a dictionary of lists."""
    result = {}
    for word in words(text):
        if word.endswith(":"):
            result[word[:-1]] = []
        else:
            result[list(result)[-1]].append(word)
    return result
