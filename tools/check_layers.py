#!/usr/bin/env python3
"""Compares every #include and every forbidden word in src/ with LAYERS.toml.

    tools/check_layers.py [ROOT]

Prints one line per finding, "file:line: what. Why. What would be right.", and exits with 1 when
there is one.
"""

import pathlib
import re
import sys
import tomllib

import cpp

TYPES_OF_PORT = "types of port"


class Law:
    """LAYERS.toml, with layer ranges resolved to module names."""

    def __init__(self, text):
        data = tomllib.loads(text)
        self.layer_of = {m: layer["number"] for layer in data["layer"] for m in layer["modules"]}
        self.max_lines = {}
        self.allowed = {}
        self.allowed_in_tests = {}
        self.forbidden = [
            {**rule, "patterns": [re.compile(p) for p in rule["patterns"]]}
            for rule in data["forbidden"]
        ]
        for layer in data["layer"]:
            for module in layer["modules"]:
                also = layer.get("also", {}).get(module, [])
                granted = (self._expand(g) for g in layer["may_include"] + also)
                self.allowed[module] = {module}.union(*granted)
                fakes = layer.get("tests_may_include", [])
                self.allowed_in_tests[module] = self.allowed[module].union(fakes)
                self.max_lines[module] = layer.get("max_lines")

        self.allowed_in_file = {
            program["file"]: set().union(*(self._expand(g) for g in program["may_include"]))
            for program in data.get("program", [])
        }

    def _expand(self, grant):
        if grant == TYPES_OF_PORT or grant in self.layer_of:
            return {grant}
        if not re.fullmatch(r"\d+(-\d+)?", grant):
            raise SystemExit(f"LAYERS.toml: '{grant}' is neither a module nor a layer range")
        low, high = (grant.split("-") * 2)[:2]
        return {m for m, number in self.layer_of.items() if int(low) <= number <= int(high)}


def port_types(source):
    """The headers that src/port's headers include, directly or through one another."""
    found = set()
    todo = list((source / "port").glob("*.h"))
    while todo:
        for _, path in cpp.includes(todo.pop().read_text()):
            if path not in found and (source / path).is_file():
                found.add(path)
                todo.append(source / path)
    return found


def is_test(name):
    return name.endswith(("_test.cc", "_test.h"))


def include_problem(law, module, allowed, path, door_types):
    """What is wrong with including `path` from `module`, which may include `allowed`, or None."""
    target = path.split("/")[0]
    if "/" not in path:
        return f'#include "{path}". Includes start at src/: write "{module}/{path}"'
    if target not in law.layer_of:
        return f'#include "{path}". No layer of LAYERS.toml has a module "{target}": add it there'
    if target in allowed or (TYPES_OF_PORT in allowed and path in door_types):
        return None
    where = f"{module} is layer {law.layer_of[module]}, {target} is layer {law.layer_of[target]}"
    legal = ", ".join(sorted(allowed - {module})) or "nothing of ours"
    return (
        f'{module} includes "{path}". {where}; LAYERS.toml lets {module} include: {legal}. '
        "Pass the value in, or move the type down"
    )


def check_includes(law, name, text, module, door_types):
    allowed = (law.allowed_in_tests if is_test(name) else law.allowed)[module]
    allowed = law.allowed_in_file.get(name, allowed)
    for line, path in cpp.includes(text):
        problem = include_problem(law, module, allowed, path, door_types)
        if problem:
            yield f"{name}:{line}: {problem}."


def check_words(law, name, text, module):
    lines = cpp.code_only(text).split("\n")
    for rule in law.forbidden:
        if law.layer_of[module] > rule["up_to_layer"] or (is_test(name) and not rule["tests"]):
            continue
        for number, line in enumerate(lines, 1):
            hit = next(filter(None, (p.search(line) for p in rule["patterns"])), None)
            if hit:
                yield (
                    f"{name}:{number}: '{hit.group().strip()}' is {rule['what']}, in layer "
                    f"{law.layer_of[module]}. Why not: {rule['why']}. Instead: {rule['instead']}."
                )


def check_file(law, source, file, door_types):
    name = str(pathlib.Path("src") / file.relative_to(source))
    parts = file.relative_to(source).parts
    if len(parts) == 1 or parts[0] not in law.layer_of:
        yield f"{name}:1: LAYERS.toml has no module '{parts[0]}'. Add it there, or move the file."
        return
    text = file.read_text()
    module = parts[0]
    yield from check_includes(law, name, text, module, door_types)
    yield from check_words(law, name, text, module)
    limit = law.max_lines[module]
    lines = text.count("\n")
    if limit and lines > limit:
        yield (
            f"{name}:{lines}: {lines} lines. Files of {module} have at most {limit}: move it down."
        )


def check_strangers(root):
    """Code outside src/ may include anything but main."""
    for folder in ("test", "examples"):
        for file in sorted((root / folder).rglob("*.[hc]*")):
            if file.suffix not in (".h", ".cc"):
                continue
            for line, path in cpp.includes(file.read_text()):
                if path.startswith("main/"):
                    name = file.relative_to(root)
                    yield f'{name}:{line}: #include "{path}". Nobody includes main.'


def check(root):
    """All findings of the tree at `root`, in order of file and line."""
    law = Law((root / "LAYERS.toml").read_text())
    source = root / "src"
    door_types = port_types(source)
    for file in sorted(source.rglob("*")):
        if file.suffix in (".h", ".cc"):
            yield from check_file(law, source, file, door_types)
    yield from check_strangers(root)


def main(arguments):
    root = pathlib.Path(arguments[1] if len(arguments) > 1 else __file__).resolve()
    root = root if root.is_dir() else root.parent.parent
    findings = list(check(root))
    for finding in findings:
        print(finding)
    print(f"layers: {len(findings)} findings" if findings else "layers: as LAYERS.toml says")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
