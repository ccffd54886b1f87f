#!/usr/bin/env python3
"""Counts the lines that clang-format would change, and fails where they are more than MOST_SHARE of all: the house's look drifts away from
.clang-format, or .clang-format from the house's look.  Nobody reformats the tree for this.

  tests/lint/format.py               every eighth file, which takes some seconds; --all: all of them
  tests/lint/format.py --self-test   formats planted files and expects the right counts

Skipped where there is no clang-format 14, for other versions break lines at other places.
"""

import difflib
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from script import repository

VERSION = "version 14."
EVERY = 8
MOST_SHARE = 0.04  # of all files 0.024 when .clang-format was written
SKIPPED_FOLDERS = {"build", "runs", ".git"}


def why_skipped():
    if shutil.which("clang-format") is None:
        return "there is no clang-format (make deps-dev)"
    said = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True).stdout
    return "" if VERSION in said else f"clang-format is not {VERSION}x but {said.strip()}"


def sources(root):
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(set(subfolders) - SKIPPED_FOLDERS)
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith((".h", ".cpp")))


def lines_changed(path, style):
    """(lines of the file that clang-format would change or drop, all lines)"""
    with open(path, encoding="utf-8") as file:
        before = file.read().splitlines()
    after = subprocess.run(["clang-format", f"--style=file:{style}", path], capture_output=True, text=True, check=True).stdout.splitlines()
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return sum(end - begin for tag, begin, end, _, _ in matcher.get_opcodes() if tag != "equal"), len(before)


def count(root, style, every=1):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = list(pool.map(lambda path: lines_changed(path, style), list(sources(root))[::every]))
    return sum(changed for changed, _ in counts), sum(lines for _, lines in counts), len(counts)


def self_test():
    with tempfile.TemporaryDirectory() as root:
        for name, text in {"good.h": "int f(int x);\nint g();\n", "bad.cpp": "int f( int x );\nint g();\n", "bad.py": "x  =  1\n"}.items():
            with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                file.write(text)
        counted = count(root, os.path.join(repository(), ".clang-format"))
    return [] if counted == (1, 4, 2) else [f"counted {counted}, expected 1 of 4 lines in 2 files"]


def main(arguments):
    skipped = why_skipped()
    if skipped:
        print(f"format: skipped, {skipped}")
        return 0
    if arguments == ["--self-test"]:
        problems, summary = self_test(), "format: the self-test counts right"
    else:
        root = repository()
        changed, lines, _ = count(root, os.path.join(root, ".clang-format"), 1 if arguments == ["--all"] else EVERY)
        summary = f"format: clang-format would change {changed} of {lines} lines"
        problems = [] if changed <= MOST_SHARE * lines else [f"{summary}, more than {MOST_SHARE:.0%}"]
    print("\n".join(problems) if problems else summary)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
