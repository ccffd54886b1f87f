"""What the scripts of this folder share: a run over the repository, and a self-test over files that break each rule on purpose.

A script has lint(root), which returns what it found as 'file:line: rule' and how much it saw, and PLANTED: file -> (its text, what must be
found in it as (line, part of the rule)).
"""

import os
import tempfile


def repository():
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def self_test(lint, planted):
    """What was planted and not found, and what was found and not planted."""
    with tempfile.TemporaryDirectory() as root:
        for path, (text, _) in planted.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8", newline="") as file:
                file.write(text)
        found, _ = lint(root)
    wrong = []
    for path, (_, expected) in planted.items():
        for line, part in expected:
            hits = [text for text in found if text.startswith(f"{path}:{line}: ") and part in text]
            if not hits:
                wrong.append(f"planted, not found: {path}:{line}: {part}")
            found = [text for text in found if text not in hits]
    return wrong + [f"found, not planted: {text}" for text in found]


def run(arguments, name, lint, planted, clean, nothing):
    """The exit code.  clean: what is said where nothing was found, {} being how much was seen; nothing: where there was nothing to see."""
    if arguments == ["--self-test"]:
        problems = self_test(lint, planted)
        summary = f"the self-test finds {sum(len(expected) for _, expected in planted.values())} planted violations"
    else:
        root = arguments[0] if arguments else repository()
        problems, count = lint(root)
        summary = clean.format(count)
        if count == 0:
            problems = [f"{root}: {nothing}"]
    print("\n".join(problems) if problems else f"{name}: {summary}")
    return 1 if problems else 0
