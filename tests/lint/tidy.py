#!/usr/bin/env python3
"""Runs clang-tidy, with the checks of .clang-tidy, over what changed: files that differ from the last commit, then those of that commit.

  tests/lint/tidy.py               at most MOST_FILES of them, some ten seconds each
  tests/lint/tidy.py FILE...       these; --all: every source (an hour)
  tests/lint/tidy.py --self-test   checks a planted file and expects what is wrong with it

Skipped where there is no clang-tidy 14, for other versions know other checks.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from script import repository

VERSION = "version 14."
MOST_FILES = 4
FLAGS = ["-std=c++20", "-I.", "-Wno-unknown-pragmas"]  # without OpenMP, whose header comes with another package
# What each kind of leaf is compiled for, as in the Makefile.
LEAF_FLAGS = {"_avx2.cpp": ["-mavx2", "-mfma", "-mf16c"], "_avx512.cpp": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"]}


# For another machine: its flags, and what must be there.
WASM_HEADERS = "/usr/include/wasm32-wasi/c++/v1"  # make deps-wasm
WASM_FLAGS = {"tools/web/module.cpp": ["--target=wasm32-wasi"]}
MPI_SOURCE = "tools/lib/mpi/mpi_ranks.cpp"  # make deps-mpi, whose compiler knows where its header is


def why_skipped():
    if shutil.which("clang-tidy") is None:
        return "there is no clang-tidy (apt-get install clang-tidy)"
    said = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    return "" if VERSION in said else "clang-tidy is not " + VERSION + "x"


def git(root, *words):
    result = subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=False)
    return result.stdout.split("\n") if result.returncode == 0 else []


def mpi_flags():
    said = subprocess.run(["mpicxx", "--showme:incdirs"], capture_output=True, text=True, check=True).stdout
    return [word for folder in said.split() for word in ("-isystem", folder)]


def sources(root):
    paths = [path for path in git(root, "ls-files", "*.cpp") if path and not path.endswith("_neon.cpp")]
    absent = set() if os.path.isdir(WASM_HEADERS) else set(WASM_FLAGS)
    if shutil.which("mpicxx") is None:
        absent.add(MPI_SOURCE)
    return [path for path in paths if path not in absent]


def changed(root):
    """Those that differ from the last commit, then those of the last commit, each once."""
    known = set(sources(root))
    paths = git(root, "diff", "--name-only", "HEAD") + git(root, "diff", "--name-only", "HEAD~1", "HEAD")
    return [path for path in dict.fromkeys(paths) if path in known]


def findings(root, path):
    leaf = next((flags for ending, flags in (LEAF_FLAGS | WASM_FLAGS).items() if path.endswith(ending)), [])
    if path == MPI_SOURCE:
        leaf = mpi_flags()
    words = ["clang-tidy", "--quiet", "--config-file=" + os.path.join(repository(), ".clang-tidy"), path, "--", *FLAGS, *leaf]
    said = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False).stdout
    return [line.replace(root + "/", "") for line in said.split("\n") if ": warning: " in line or ": error: " in line]


def lint(root, paths):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [line for lines in pool.map(lambda path: findings(root, path), paths) for line in lines]


def self_test():
    with tempfile.TemporaryDirectory() as root:
        for name, text in {"good.cpp": "int f(int x) { return x + 1; }\n", "bad.cpp": "int* f() { return 0; }\n"}.items():
            with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                file.write(text)
        found = lint(root, ["bad.cpp", "good.cpp"])
    right = len(found) == 1 and found[0].startswith("bad.cpp:1:") and "modernize-use-nullptr" in found[0]
    return [] if right else ["expected one use of 0 as a pointer in bad.cpp, found: " + "; ".join(found)]


def main(arguments):
    skipped = why_skipped()
    if skipped:
        print(f"tidy: skipped, {skipped}")
        return 0
    if arguments == ["--self-test"]:
        problems, summary = self_test(), "tidy: the self-test finds what was planted"
    else:
        root = repository()
        paths = sources(root) if arguments == ["--all"] else arguments or changed(root)
        looked_at = paths if arguments else paths[:MOST_FILES]
        problems = lint(root, looked_at)
        summary = f"tidy: nothing in {len(looked_at)} of {len(paths)} files" + ("" if arguments else " that changed")
    print("\n".join(problems) if problems else summary)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
