"""Changes to the sources as a person writes them down: list.txt, accepted.txt, and the survivors that a run leaves.

A record is three lines; between records stand empty lines and lines that begin with #.

  im2col.cpp: a word on what the change breaks, or in accepted.txt why it is no fault
  - text that is replaced, of one line
  + what it becomes; nothing where the text is dropped

The file is named as far as its name is the only one of its kind, so that it may move.  In list.txt the text stands once in the file; in
accepted.txt both are whole lines, without the spaces around them.
"""

import dataclasses
import os


class Unusable(Exception):
    """What somebody wrote cannot be used; the message names the place and the mend."""


@dataclasses.dataclass(frozen=True)
class Record:
    place: str  # of the record, as list.txt:12
    file: str
    why: str
    old: str
    new: str


@dataclasses.dataclass(frozen=True)
class Mutant:
    path: str
    line: int  # from 1
    old: str  # the whole line
    new: str
    why: str
    drawn: bool = False

    def key(self):
        return self.path, self.old.strip(), self.new.strip()


def read(path):
    """The records of a file."""
    records = []
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    at = 0
    while at < len(lines):
        if not lines[at] or lines[at].startswith("#"):
            at += 1
            continue
        place = f"{os.path.basename(path)}:{at + 1}"
        file_name, colon, why = lines[at].partition(": ")
        block = lines[at + 1 : at + 3]
        if not colon or len(block) < 2 or not block[0].startswith("- ") or not (block[1] == "+" or block[1].startswith("+ ")):
            raise Unusable(f"{place}: expected three lines, FILE: WHY, - TEXT, + TEXT")
        records.append(Record(place, file_name, why, block[0][2:], block[1][2:]))
        at += 3
    return records


def write(mutants):
    """The text of records, which read() takes back."""
    return "".join(f"{m.path}: {m.why}\n- {m.old.strip()}\n+ {m.new.strip()}".rstrip(" ") + "\n\n" for m in mutants)


def path_of(record, texts):
    """The file that a record names.  texts: path -> text."""
    found = [path for path in texts if path == record.file or path.endswith("/" + record.file)]
    if len(found) != 1:
        count = "no file" if not found else "more than one file"
        raise Unusable(f"{record.place}: {record.file}: {count} is named so; name it as it is now")
    return found[0]


def find(record, texts):
    """The mutant that a record of list.txt describes.  texts: path -> text."""
    path = path_of(record, texts)
    count = texts[path].count(record.old)
    if count != 1:
        raise Unusable(f"{record.place}: {path}: the text stands there {count} times, expected once; write the change anew: {record.old}")
    begin = texts[path].index(record.old)
    line = texts[path].count("\n", 0, begin)
    old = texts[path].split("\n")[line]
    return Mutant(path, line + 1, old, old.replace(record.old, record.new, 1), record.why)
