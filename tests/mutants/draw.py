"""Changes that nobody chose: operators over all lines of the sources, drawn by a seed."""

import random
import re

from records import Mutant

SWAPS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
    "+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "+=": "-=", "-=": "+=", "*=": "+=", "/=": "*=",
    "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<", "|=": "&=", "&=": "|=", "^=": "|=",
}  # fmt: skip
WORDS = {"true": "false", "false": "true", "std::min": "std::max", "std::max": "std::min", "continue": "break", "break": "continue"}

OPERATOR = re.compile(r"(?<= )(" + "|".join(sorted(map(re.escape, SWAPS), key=len, reverse=True)) + r")(?= )")
WORD = re.compile(r"(?<![\w:])(" + "|".join(WORDS) + r")\b")
WHOLE = re.compile(r"(?<![\w.])(\d+)(?![\w.'])")
REAL = re.compile(r"(?<![\w.])(\d+\.\d+)(?=f?\b)")
NOT = re.compile(r"(?<=[( ])!(?=[\w(])")
STATEMENT = re.compile(r"\s+(?!return\b|delete\b|throw\b|using\b|case\b|else\b)[A-Za-z_*][\w.:>\[\]-]*(\(.*\)|(\[.*\])? [-+*/|&^]?= .*);$")
CONDITION = re.compile(r"\bif \(")
PASSED_OVER = re.compile(r"\s*(#|//|/\*|\* |static_assert|using |namespace |template|friend |public:|private:|extern )")
TEXT = re.compile(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])\'')


def masked(line):
    """The line's code: what is in quotes is covered, a comment cut off."""
    code = TEXT.sub(lambda match: match.group()[0] + "_" * (len(match.group()) - 2) + match.group()[0], line)
    return code.partition("//")[0].partition("/*")[0].rstrip()


def closing(code, begin):
    """Where the parenthesis that opens at `begin` closes; -1 where that is on another line."""
    depth = 0
    for at in range(begin, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return at
    return -1


def changes(line):
    """Yields (what is done, the changed line)."""
    code = masked(line)
    if not code or PASSED_OVER.match(code):
        return
    for match in OPERATOR.finditer(code):
        other = SWAPS[match.group(1)]
        yield f"{match.group(1)} is {other}", line[: match.start(1)] + other + line[match.end(1) :]
    for match in WORD.finditer(code):
        other = WORDS[match.group(1)]
        yield f"{match.group(1)} is {other}", line[: match.start(1)] + other + line[match.end(1) :]
    for match in WHOLE.finditer(code):
        yield "a number is one more", line[: match.start()] + str(int(match.group()) + 1) + line[match.end() :]
    for match in REAL.finditer(code):
        other = 2 * float(match.group()) or 1.0
        yield "a number is another", line[: match.start()] + repr(other) + line[match.end() :]
    for match in NOT.finditer(code):
        yield "a negation is dropped", line[: match.start()] + line[match.end() :]
    if STATEMENT.fullmatch(code):
        yield "a statement is dropped", line[: len(line) - len(line.lstrip())] + ";"
    for match in CONDITION.finditer(code):
        begin = match.end() - 1
        end = closing(code, begin)
        if end > 0 and ";" not in code[begin:end]:
            yield "a condition never holds", line[: begin + 1] + "false && (" + line[begin + 1 : end] + ")" + line[end:]


def draw(texts, seed):
    """Yields drawn mutants of texts (path -> text), each of another line, for as long as there are lines."""
    lines = [(path, at) for path in sorted(texts) for at in range(texts[path].count("\n"))]
    rng = random.Random(seed)
    rng.shuffle(lines)
    for path, at in lines:
        line = texts[path].split("\n")[at]
        possible = list(changes(line))
        if possible:
            why, new = rng.choice(possible)
            yield Mutant(path, at + 1, line, new, why, drawn=True)
