#!/usr/bin/env python3
"""Checks that what the documents (*.md) name is there.  Prints file:line: rule for every violation; exit code 1 where there is one.

  tests/lint/documents.py [ROOT]        the repository (default: the one that holds this file)
  tests/lint/documents.py --self-test   plants violations in a temporary tree and expects each to be found

  links        [text](path#heading): the file, and the heading where the file is a document
  paths        `core/gemm/gemm.h`, from the root or from the document's folder; `gemm.h` alone: anywhere
  commands     ./tools/NAME, its flags, `make` targets, python3 FILE
"""

import os
import re
import sys

import script

SKIPPED_FOLDERS = {"build", "runs", ".git"}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
FILE = re.compile(r"^[\w./-]*\w\.(?:h|cpp|py|md|c|sh)$")
FOLDER = re.compile(r"^(?:core|layers|optim|gan|metrics|data|tools|tests)(?:/[\w-]+)*/?$")
PLACEHOLDER = re.compile(r"\bX[_.]|NAME|^_")
COMMAND = re.compile(r"(?:^|&& |\| )\s*((?:\./tools/\w+|make|python3)(?: .*?)?)(?=$|\s+#|\s*&&|\s\||\s>)")
DECLARED = re.compile(r'"(--?[a-z][\w-]*)"')
TARGET = re.compile(r"^([\w. $()/%-]+?):(?!=)", re.MULTILINE)


def slug(heading):
    """GitHub's anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


class Tree:
    def __init__(self, root):
        self.root = root
        self.files = set()
        for folder, subfolders, names in os.walk(root):
            subfolders[:] = sorted(set(subfolders) - SKIPPED_FOLDERS)
            self.files.update(os.path.relpath(os.path.join(folder, name), root) for name in names)
        self.folders = {folder for path in self.files for folder in self.above(path)}
        self.names = {os.path.basename(path) for path in self.files}
        self.documents = sorted(path for path in self.files if path.endswith(".md"))
        sources = [path for path in self.files if path.startswith("tools/") and path.endswith(".cpp")]
        self.flags = {flag for path in sources for flag in DECLARED.findall(self.text(path))} | {"--help", "-h", "--version"}
        makefile = self.text("Makefile") if "Makefile" in self.files else ""
        self.targets = {word for line in TARGET.findall(makefile) for word in line.split()}

    @staticmethod
    def above(path):
        while path := os.path.dirname(path):
            yield path

    def text(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def has(self, path, beside):
        """The path from the root or from the document's folder, normalised; None where it is neither."""
        for whole in (path, os.path.join(os.path.dirname(beside), path)):
            whole = os.path.normpath(whole)
            if whole in self.files or whole in self.folders:
                return whole
        return None


def check_link(tree, document, target):
    if re.match(r"[a-z]+:", target):
        return
    path, _, anchor = target.partition("#")
    whole = os.path.normpath(os.path.join(os.path.dirname(document), path)) if path else document
    if whole not in tree.files and whole not in tree.folders:
        yield f"the link {target} leads nowhere"
    elif anchor and anchor not in map(slug, re.findall(r"^#+ (.*)$", tree.text(whole), re.MULTILINE)):
        yield f"{whole} has no heading #{anchor}"


def check_path(tree, document, code):
    if PLACEHOLDER.search(code):
        return
    if FILE.match(code) and not (tree.has(code, document) if "/" in code else code in tree.names):
        yield f"`{code}` is not there"
    elif FOLDER.match(code) and "/" in code and not tree.has(code.rstrip("/"), document):
        yield f"`{code}` is no folder"


def check_command(tree, command):
    words = command.split()
    if words[0] == "make":
        for word in words[1:]:
            if re.fullmatch(r"[a-z][a-z-]*", word) and word not in tree.targets:
                yield f"make has no target {word}"
    elif words[0] == "python3":
        if len(words) > 1 and words[1].endswith(".py") and words[1] not in tree.files:
            yield f"{words[1]} is not there"
    else:
        name = words[0].removeprefix("./tools/")
        if f"tools/{name}.cpp" not in tree.files and name != "footprint":
            yield f"{words[0]} is no tool"
        for word in words[1:]:
            flag = word.split("=")[0].rstrip(".,;:)`")
            if re.fullmatch(r"--?[a-z][\w-]*", flag) and flag not in tree.flags:
                yield f"{words[0]} has no flag {flag}"


def check_document(tree, document):
    """Yields (line, rule)."""
    for number, line in enumerate(tree.text(document).split("\n"), 1):
        for target in LINK.findall(line):
            for rule in check_link(tree, document, target):
                yield number, rule
        commands = [line] if line.startswith("    ") else []
        for code in CODE.findall(line):
            commands.append(code)
            for rule in check_path(tree, document, code):
                yield number, rule
        for text in commands:
            for command in COMMAND.findall(text):
                for rule in check_command(tree, command):
                    yield number, rule


def lint(root):
    tree = Tree(root)
    found = [f"{document}:{line}: {rule}" for document in tree.documents for line, rule in check_document(tree, document)]
    return found, len(tree.documents)


PLANTED = {
    "Makefile": ("deps deps-dev:\n\nall: x\n\t@echo\nV := 1\n", []),
    "core/gemm/gemm.h": ("#pragma once\n", []),
    "tools/plan.cpp": ('parser.add("--budget", &x);\n', []),
    "tools/load.py": ("", []),
    "core/PERF.md": ("# Where the time goes\n\nSee `gemm/gemm.h`, `gemm.h` and [it](gemm/gemm.h#x), `X_ref.cpp`.\n", []),
    "README.md": ("# A\n\n## One bit: a weight\n\n[a](#one-bit-a-weight) [b](core/PERF.md#where-the-time-goes) [c](core/PERF.md#where) "
                  "[d](lost.md)\n[e](#two) [f](https://example.org) `core/gemm/gemm.cpp` `gemm.cpp` `core/gemm` `core/conv/`\n\n"
                  "    make deps && make && ./tools/plan --budget 1M --binary x   # --comment\n    make lint\n    ./tools/paper all\n"
                  "    python3 tools/load.py x && python3 tools/lost.py\n\n`./tools/plan --budget=3 --jsn`\n",
                  [(5, "no heading #where"), (5, "lost.md leads nowhere"), (6, "no heading #two"), (6, "`core/gemm/gemm.cpp`"),
                   (6, "`gemm.cpp`"), (6, "`core/conv/`"), (8, "no flag --binary"), (9, "no target lint"), (10, "no tool"),
                   (11, "tools/lost.py"), (13, "--jsn")]),
}
PLANTED["core/PERF.md"][1].append((3, "no heading #x"))


if __name__ == "__main__":
    sys.exit(script.run(sys.argv[1:], "documents", lint, PLANTED, "{} documents, what they name is there", "no documents here"))
