#!/usr/bin/env python3
"""Checks lines of sources and scripts: at most 140 characters, no tabs, no blanks at the end, an end of line at the end of the file;
and that no comment begins with "Of", which leaves a reader without a subject.

  tests/lint/lines.py [ROOT]        the repository (default: the one that holds this file)
  tests/lint/lines.py --self-test   plants violations in a temporary tree and expects each to be found
"""

import os
import re
import sys

import script

LONGEST = 140  # characters, not bytes
SKIPPED_FOLDERS = {"build", "runs", ".git"}
ENDINGS = (".h", ".cpp", ".c", ".py", ".sh")
WITH_TABS = {"Makefile"}  # which begins commands with them
WITHOUT_SUBJECT = re.compile(r"(//|^ *#) +Of ")


def sources(root):
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(set(subfolders) - SKIPPED_FOLDERS)
        for name in sorted(names):
            if name.endswith(ENDINGS) or name in WITH_TABS or os.path.basename(folder) == ".ci":
                yield os.path.relpath(os.path.join(folder, name), root)


def check_file(root, path):
    """Yields (line, rule)."""
    with open(os.path.join(root, path), encoding="utf-8", newline="") as file:
        text = file.read()
    lines = text.split("\n")
    if lines[-1]:
        yield len(lines), "the last line has no end"
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST:
            yield number, f"{len(line)} characters, at most {LONGEST}"
        if line.rstrip() != line:
            yield number, "blanks at the end"
        if "\t" in (line.lstrip("\t") if os.path.basename(path) in WITH_TABS else line):
            yield number, "a tab"
        if WITHOUT_SUBJECT.search(line):
            yield number, "a comment begins with 'Of': give it a subject"


def lint(root):
    paths = list(sources(root))
    return [f"{path}:{line}: {rule}" for path in paths for line, rule in check_file(root, path)], len(paths)


PLANTED = {
    "core/good.h": ("\u00e9" * LONGEST + "\n", []),
    "core/of.h": ("//" " Of x.\nint x;  //" " Of y\n// One of z. Of a.\n", [(1, "subject"), (2, "subject")]),
    "core/long.cpp": ("x\n" + "x" * (LONGEST + 1) + "\n", [(2, "141 characters")]),
    "tools/blank.py": ("x \nx\r\n\tx\n", [(1, "blanks"), (2, "blanks"), (3, "a tab")]),
    "tools/open.sh": ("x\nx", [(2, "no end")]),
    ".ci/run": ("x\tx\n", [(1, "a tab")]),
    "Makefile": ("x:\n\tcommand\n\tcommand\t2\n", [(3, "a tab")]),
    "build/made.h": ("x \n", []),
    "README.md": ("x" * 1000 + "\n", []),
}


if __name__ == "__main__":
    sys.exit(script.run(sys.argv[1:], "lines", lint, PLANTED, "{} files, no line too long", "no sources here"))
