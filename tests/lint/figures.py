#!/usr/bin/env python3
"""Compares the measured figures in the documents with the stored measurements: core/PERF.json, or the one that a block names.

  tests/lint/figures.py [ROOT]        the repository (default: the one that holds this file)
  tests/lint/figures.py --self-test   plants wrong figures in a temporary tree and expects each to be found
  tests/lint/figures.py --write       puts the stored figures in, each with the places that stand there; what is said of them is not read

They have the form of `./tools/bench --json`.  A document says before a table or a paragraph which figures are in it:

  <!-- measured
  deconv 1 = layers/deconv1/{forward|dx}/direct/{1|2} ratio_to_peak; -; layers/deconv1/forward/binary/1 ratio_to_peak
  -->
  | deconv 1 | 1.31 / 1.31 | 1.32 / 1.32 | asked 5 | 5.69 |

Left of ` = ` stands a text that one line of the block has (the lines up to the next empty one); right of it what the first numbers
behind that text are: section/layer/op/path/threads and a field of that row, or footprint/model and a field, or a quotient of two such,
KEY over KEY.  {a|b} stands for both, one after the other; - passes over a number.  Fields in seconds are asked for in milliseconds by
_ms for _s, bytes in 10^6 bytes by _MB for _bytes.  A figure is right where it is the stored one, rounded to as many places as it shows.
`<!-- measured in core/OTHER.json` begins a block of another measurement.

  <!-- quoted from gan/PAPER.md -->   every number with a point in the block after it stands in that document, too
"""

import functools
import itertools
import json
import os
import re
import sys

import script

STORED = "core/PERF.json"
SKIPPED_FOLDERS = {"build", "runs", ".git"}
MEASURED = re.compile(r"^<!-- measured(?: in (\S+))?\n(.*?)^-->\n", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"^<!-- quoted from (\S+) -->\n", re.MULTILINE)
# Not the digits of 64x64, of deconv3, of 10^6.
NUMBER = re.compile(r"(?<![\w.^])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?!\.?\d|x\d|[A-Za-wyz_^])")


class Problem(Exception):
    pass


def documents(root):
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(set(subfolders) - SKIPPED_FOLDERS)
        yield from (os.path.relpath(os.path.join(folder, name), root) for name in sorted(names) if name.endswith(".md"))


def expanded(key):
    """The keys that a key with {a|b} stands for, the last braces running fastest."""
    parts = re.split(r"\{([^{}]*)\}", key)
    choices = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
    return ["".join(choice) for choice in itertools.product(*choices)]


@functools.cache
def stored_rows(path):
    """The rows of a stored measurement by their keys."""
    try:
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)
    except OSError as error:
        raise Problem(f"{os.path.basename(path)}: {error.strerror}") from error
    rows = {}
    for row in stored["rows"]:
        rows["/".join(str(row[name]) for name in ("section", "layer", "op", "path", "threads"))] = row
    for row in stored.get("footprint", {}).get("rows", []):
        rows["footprint/" + row["model"]] = row
    return rows


def value_of(rows, key):
    if " over " in key:
        above, below = key.split(" over ")
        return value_of(rows, above) / value_of(rows, below)
    place = max((row for row in rows if key.startswith(row + " ")), key=len, default=None)
    if place is None:
        raise Problem(f"the measurement has no row for {key}")
    field = key[len(place) + 1:]
    for name, scale in ((field, 1), (field.replace("_ms", "_s"), 1e3), (field.replace("_MB", "_bytes"), 1e-6)):
        value = rows[place]
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, (int, float)):
            return value * scale
    raise Problem(f"the measurement's {place} has no field {field}")


def agrees(shown, value):
    places = len(shown.partition(".")[2])
    return abs(float(shown.replace(",", "")) - value) <= 0.5 * 10**-places + 1e-9 * abs(value)


def block_after(text, end):
    """(offset, line) of the lines up to the next empty one."""
    lines, at = [], end
    for line in text[end:].split("\n"):
        if not line.strip():
            if lines:
                break
        else:
            lines.append((at, line))
        at += len(line) + 1
    return lines


def check_assertion(rows, assertion, block):
    """Yields (offset, rule, right) for `LABEL = KEYS`; right: (begin, end, text) of a figure that is another, else None."""
    label, _, keys = assertion.partition(" = ")
    at = [(offset, line) for offset, line in block if label in line]
    if len(at) != 1:
        yield block[0][0] if block else 0, f"{len(at)} lines of the block hold '{label}', expected one", None
        return
    offset, line = at[0]
    shown = list(NUMBER.finditer(line, line.index(label) + len(label)))
    wanted = [key for part in keys.split(";") for key in expanded(part.strip())]
    if len(shown) < len(wanted):
        yield offset, f"'{label}' is followed by {len(shown)} figures, its comment names {len(wanted)}", None
    for match, key in zip(shown, wanted):
        figure = match.group()
        try:
            if key != "-" and not agrees(figure, value := value_of(rows, key)):
                right = (offset + match.start(), offset + match.end(), f"{value:,.{len(figure.partition('.')[2])}f}")
                yield offset, f"'{label}' shows {figure}, but {key} was measured to be {value:.6g}", right
        except Problem as problem:
            yield offset, str(problem), None


def check_document(root, path):
    """Yields (offset, rule, right), and counts what was compared in check_document.compared."""
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = file.read()
    for comment in MEASURED.finditer(text):
        block = block_after(text, comment.end())
        store, assertions = comment.groups()
        try:
            rows = stored_rows(os.path.join(root, store or STORED))
        except Problem as problem:
            yield comment.start(), str(problem), None
            continue
        for assertion in assertions.strip().split("\n"):
            check_document.compared += 1
            yield from check_assertion(rows, assertion, block)
    for comment in QUOTED.finditer(text):
        source = comment.group(1)
        if not os.path.isfile(os.path.join(root, source)):
            yield comment.start(), f"quotes {source}, which is not there", None
            continue
        with open(os.path.join(root, source), encoding="utf-8") as file:
            numbers = set(NUMBER.findall(file.read()))
        for offset, line in block_after(text, comment.end()):
            for figure in NUMBER.findall(line):
                check_document.compared += 1
                if "." in figure and figure not in numbers:
                    yield offset, f"quotes {figure}, which {source} does not have", None


def lint(root):
    check_document.compared = 0
    found = []
    for path in documents(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        found += [f"{path}:{text.count(chr(10), 0, offset) + 1}: {rule}" for offset, rule, _ in check_document(root, path)]
    return found, check_document.compared


def write(root):
    check_document.compared = 0
    for path in documents(root):
        rights = sorted((right for _, _, right in check_document(root, path) if right), reverse=True)
        if not rights:
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        for begin, end, right in rights:
            text = text[:begin] + right + text[end:]
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)
        print(f"{path}: {len(rights)} figures")


PLANTED_STORED = {
    "rows": [
        {"section": "layers", "layer": "d1", "op": "forward", "path": "direct", "threads": threads, "best_s": 0.00236,
         "ratio_to_peak": 1.314, "ratio_to_peers": {"torch": 2.0}} for threads in (1, 2)
    ],
    "footprint": {"rows": [{"model": "F half", "model_bytes": 2235584}]},
}
PLANTED_OTHER = {"rows": [{**row, "ratio_to_peak": 2.5} for row in PLANTED_STORED["rows"]]}
PLANTED = {
    "good.md": ("<!-- measured\nd 1 = layers/d1/forward/direct/{1|2} ratio_to_peak; -; layers/d1/forward/direct/1 best_ms\n"
                "half = footprint/F half model_bytes; footprint/F half model_MB\n"
                "time = layers/d1/forward/direct/1 ratio_to_peers.torch; layers/d1/forward/direct/1 best_ms over footprint/F half "
                "model_MB\n"
                "-->\n\n"
                "| d 1 | **1.31** / 1.3 | 64x64 9 | 2.36 ms, 7 |\n| half | 2,235,584 | 2.24 |\nA time of 2.0x, 1.06.\n\nd 1: 9.99\n", []),
    "wrong.md": ("<!-- measured\nd 1 = layers/d1/forward/direct/{1|2} ratio_to_peak\n-->\n| d 1 | 1.31 / 1.32 |\n", [(4, "shows 1.32")]),
    "few.md": ("<!-- measured\nd 1 = layers/d1/forward/direct/{1|2} ratio_to_peak\n-->\n| d 1 | 1.31 |\n", [(4, "1 figures")]),
    "row.md": ("<!-- measured\nd 1 = layers/d2/forward/direct/1 ratio_to_peak\n-->\n| d 1 | 1.31 |\n", [(4, "no row for layers/d2")]),
    "field.md": ("<!-- measured\nd 1 = layers/d1/forward/direct/1 ratio\n-->\n| d 1 | 1.31 |\n", [(4, "no field ratio")]),
    "label.md": ("<!-- measured\nd 2 = layers/d1/forward/direct/1 ratio_to_peak\n-->\n| d 1 | 1.31 |\n", [(4, "0 lines")]),
    "folder/twice.md": ("\n<!-- measured\nd = layers/d1/forward/direct/1 ratio_to_peak\n-->\n| d | 1.31 |\n| d | 1.31 |\n",
                        [(5, "2 lines")]),
    "other.md": ("<!-- measured in core/OTHER.json\nd 1 = layers/d1/forward/direct/{1|2} ratio_to_peak\n-->\n| d 1 | 2.5 / 1.3 |\n",
                 [(4, "shows 1.3")]),
    "absent.md": ("<!-- measured in core/ABSENT.json\nd 1 = layers/d1/forward/direct/1 ratio_to_peak\n-->\n| d 1 | 2.5 |\n",
                  [(1, "No such file")]),
    "quotes.md": ("<!-- quoted from good.md -->\nIt has 1.31 times, 8 of 9.\nIt has 1.33 times.\n", [(3, "1.33")]),
    "lost.md": ("<!-- quoted from nowhere.md -->\nIt has 1.31 times.\n", [(1, "not there")]),
}


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write(script.repository())
        sys.exit(0)
    stored = {STORED: (json.dumps(PLANTED_STORED), []), "core/OTHER.json": (json.dumps(PLANTED_OTHER), [])}
    sys.exit(script.run(sys.argv[1:], "figures", lint, {**stored, **PLANTED},
                        "{} lines and quotations agree with what was measured", "no document names a measured figure"))
