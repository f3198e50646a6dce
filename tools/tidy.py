#!/usr/bin/env python3
"""The parts of STYLE.md that a program can check, with messages that say what to do.

    tools/tidy.py [ROOT]

Prints one line per finding and one line about the size of our functions; exits with 1 when there
is a finding.
"""

import pathlib
import re
import sys

import cpp
import declarations

MAX_COLUMNS = 100
MAX_FILE_LINES = 800
MAX_FUNCTION_LINES = 70
MAX_PARAMETERS = 5

CODE = {".h", ".cc", ".py", ".cmake", ".sh"}
TEXT = CODE | {".md", ".toml", ".txt", ".json", ".yml", ".yaml", ".ts", ".svelte", ".css", ".html"}
CODE_NAMES = {"dev", "run", "CMakeLists.txt"}
SKIPPED = {".git", ".cache", "node_modules", "dist", "__pycache__", "corpus", "data"}

VAGUE = "manager helper util handler processor service info impl common".split()
VAGUE = {word + plural for word in VAGUE for plural in ("", "s")}
ROUTES = ("src/http/", "src/server/")  # here a handler is an HTTP route's

# Spelt with gaps so that this file may contain them.
UNFINISHED = re.compile(r"\b(TO[D]O|FI[X]ME|XX[X]|HA[C]K)\b")
MACHINE_PATH = re.compile(r"(?<![\w./])/wor[k]/")


def is_code(name):
    return pathlib.Path(name).suffix in CODE or pathlib.Path(name).name in CODE_NAMES


def words_of(name):
    """The lower-case words of a snake_case or PascalCase name."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def vague_word(name, where):
    words = words_of(name)
    of_routes = where.startswith(ROUTES) or "http" in words or "route" in words
    for word in words:
        if word in VAGUE and not (word.startswith("handler") and of_routes):
            return word
    return None


def check_text(name, text):
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line:
            yield number, "a tab. Indent with spaces"
        if line != line.rstrip():
            yield number, "spaces at the end of the line. Remove them"
        if MACHINE_PATH.search(line):
            yield number, "a path of one machine. Name it relative to the repository"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no newline at the end of the file. Add one"


def check_code(name, text):
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        yield lines, f"{lines} lines. A file has at most {MAX_FILE_LINES}: split it by its nouns"
    body = cpp.without_raw_strings(text) if name.endswith((".h", ".cc")) else text
    for number, line in enumerate(body.split("\n"), 1):
        columns = len(line.rstrip())
        if columns > MAX_COLUMNS and " " in line.strip().lstrip("/# "):
            how = "run ./dev format" if name.endswith((".h", ".cc")) else "break the line"
            yield number, f"{columns} columns. At most {MAX_COLUMNS}: {how}"
        marker = UNFINISHED.search(line)
        if marker:
            yield number, f"{marker.group()}. Finish it, or open an issue and say here what holds"


def check_names(name, text):
    stem = pathlib.Path(name).stem
    if not re.fullmatch(r"[a-z0-9_]+", stem):
        yield 1, f"the file is called '{stem}'. Files are snake_case"
    if word := vague_word(stem, name):
        yield 1, f"'{word}' in a file name says nothing. Name the noun that lives in the file"
    for number, kind in declarations.types(text):
        if word := vague_word(kind, name):
            yield number, f"'{word}' in '{kind}' says nothing. Name what the type is"


def check_catch(text):
    for match in re.finditer(r"\bcatch\s*\(\s*\.\.\.\s*\)", cpp.code_only(text)):
        number = text.count("\n", 0, match.start()) + 1
        yield number, "catches everything. Catch the exception that the library documents"


def check_header(text, functions):
    if not text.startswith("// "):
        yield 1, "a header opens with a // paragraph: what this is, what it promises, who owns it"
    if "#pragma once" not in text.split("\n"):
        yield 1, "no #pragma once. Add it below the opening paragraph"
    for function in functions:
        if len(function.parameters) > MAX_PARAMETERS and not function.overrides:
            count = len(function.parameters)
            yield function.line, (
                f"{function.name} has {count} parameters. At most {MAX_PARAMETERS}: take a struct"
            )
        if function.public and not function.overrides:
            yield from check_flags(function)


def check_flags(function):
    for parameter in function.parameters:
        if re.match(r"(const\s+)?bool\b(?!\s*[(*&])", parameter):
            yield function.line, (
                f"{function.name} takes '{parameter}'. A caller reads 'true' and learns nothing: "
                "take an enum"
            )


def check_cpp(name, text, lengths):
    functions = declarations.functions(text)
    yield from check_names(name, text)
    yield from check_catch(text)
    if name.endswith(".h"):
        yield from check_header(text, functions)
    for function in functions:
        if function.lines > MAX_FUNCTION_LINES:
            yield function.line, (
                f"{function.name} has {function.lines} lines. At most {MAX_FUNCTION_LINES}: give a "
                "step of it a name"
            )
        if function.lines and not name.endswith("_test.cc"):
            lengths.append(function.lines)


def files_of(root):
    for file in sorted(root.rglob("*")):
        parts = file.relative_to(root).parts
        skipped = parts[0].startswith("build") or not SKIPPED.isdisjoint(parts[:-1])
        if not skipped and file.is_file() and (file.suffix in TEXT or file.name in CODE_NAMES):
            yield file


def check_file(name, text, lengths):
    yield from check_text(name, text)
    if is_code(name):
        yield from check_code(name, text)
    if name.endswith((".h", ".cc")):
        yield from check_cpp(name, text, lengths)


def check(root, lengths):
    """All findings of the tree at `root`; adds the length of every function to `lengths`."""
    for file in files_of(root):
        name = str(file.relative_to(root))
        for number, problem in check_file(name, file.read_text(), lengths):
            yield f"{name}:{number}: {problem}."


def main(arguments):
    here = pathlib.Path(__file__).resolve()
    root = pathlib.Path(arguments[1]).resolve() if len(arguments) > 1 else here.parent.parent
    lengths = []
    findings = list(check(root, lengths))
    for finding in findings:
        print(finding)
    lengths = sorted(lengths) or [0]
    print(
        f"tidy: {len(findings)} findings; {len(lengths)} functions, median "
        f"{lengths[len(lengths) // 2]} lines, 90 % within {lengths[len(lengths) * 9 // 10]}, "
        f"longest {lengths[-1]}"
    )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
