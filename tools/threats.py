#!/usr/bin/env python3
"""Every test that docs/threat_model.md and docs/traps.md name exists; no row goes without one."""

import pathlib
import re
import sys

DOCUMENTS = ("docs/threat_model.md", "docs/traps.md")
NAMED = re.compile(r"`([A-Z]\w+\.[A-Za-z]\w+)`")
DEFINED = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)


def defined(root):
    tests = set()
    for file in root.glob("src/**/*_test.cc"):
        tests.update(f"{suite}.{name}" for suite, name in DEFINED.findall(file.read_text()))
    return tests


def threats(text):
    """The rows of the tables whose last column is called test, with their line numbers."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[-1] == "test":
            inside = True
        elif inside and not set(cells[-1]) <= set("-"):
            yield number, cells


def check(root, documents=DOCUMENTS):
    known = defined(root)
    for document in documents:
        rows = list(threats((root / document).read_text()))
        if not rows:
            yield f"{document}:1: no table with a column 'test'"
        for number, cells in rows:
            names = NAMED.findall(cells[-1])
            if not names:
                yield f"{document}:{number}: no test for: {cells[0]}"
            for name in names:
                if name not in known:
                    yield f"{document}:{number}: there is no test {name}"


if __name__ == "__main__":
    findings = list(check(pathlib.Path(__file__).resolve().parent.parent))
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
