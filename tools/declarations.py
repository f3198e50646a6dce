"""Functions, types and parameters of C++ text, found by brackets alone.

Good enough for code in our own format: it knows namespaces, classes, access labels, attributes,
templates and constructor lists, and looks at nothing inside a function body. What it does not
understand it leaves out, so that a rule built on it raises no false alarm.
"""

import dataclasses
import re

import cpp

_SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
_LABEL = re.compile(r"\b(public|private|protected)\s*:(?!:)")
_NOT_NAMES = {"decltype", "noexcept", "explicit", "alignas", "requires", "if", "while", "for"}
_MACRO = re.compile(r"[A-Z][A-Z0-9_]+")
_PAIRS = {"(": ")", "[": "]", "{": "}"}


@dataclasses.dataclass
class Function:
    name: str
    line: int  # of the declaration's first word
    parameters: list
    public: bool
    overrides: bool
    lines: int = 0  # with its body; 0 for a declaration


def _blank(match):
    return cpp.blank(match.group())


def _prepare(text):
    """Code without preprocessor lines and attributes; lines stay where they are."""
    code = cpp.code_only(text)
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", _blank, code, flags=re.MULTILINE)
    return re.sub(r"\[\[[^\]]*\]\]", _blank, code)


def _split(text):
    """Splits at the commas that stand outside all brackets."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        if char in "(<[{":
            depth += 1
        elif char in ")]}" or (char == ">" and text[at - 1] != "-"):
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part and part != "void"]


def _closing(text, at):
    """The place of the bracket that closes the one at `at`."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] in _PAIRS) - (text[place] in _PAIRS.values())
        if depth == 0:
            return place
    return len(text)


def _parameters(head):
    """(name, parameters) of the function that `head` declares, or None."""
    angle, at = 0, 0
    while at < len(head):
        char = head[at]
        before = re.search(r"(operator\s*[^\s\w]{1,3}|operator\s*\(\s*\)|[~\w]+)\s*$", head[:at])
        if before and before.group(1).startswith("operator") and char != "(":
            at += 1
            continue
        if char == "<":
            angle += 1
        elif char == ">" and head[at - 1] != "-":
            angle -= 1
        elif char == "=" and angle == 0:
            return None
        elif char == "(" and angle <= 0:
            end = _closing(head, at)
            name = before.group(1) if before else ""
            if name == "operator":
                at = end + 1
                continue
            if name and name not in _NOT_NAMES:
                return name, _split(head[at + 1 : end])
            at = end
        at += 1
    return None


def _is_initialiser(head):
    """Whether a brace after `head` opens a value and not a body."""
    if re.search(r"\)\s*(const\s*)?(noexcept\s*)?(override\s*)?->[^;=]*$", head):
        return False
    if re.search(r"\b(const|noexcept|override|final|try|mutable)\s*&{0,2}\s*$", head):
        return False
    return not re.search(r"[)}]\s*&{0,2}\s*$", head)


class _Scan:
    def __init__(self, text):
        self.code = _prepare(text)
        self.found = []
        self.access = []  # one entry per open class: whether what follows is public

    def line(self, at):
        return self.code.count("\n", 0, at) + 1

    def declare(self, start, end, body_end=None):
        head = self.code[start:end]
        labels = list(_LABEL.finditer(head))
        if labels and self.access:
            self.access[-1] = labels[-1].group(1) == "public"
            start += labels[-1].end()
            head = self.code[start:end]
        if re.match(r"\s*(using|typedef|friend|static_assert|return)\b", head):
            return
        parsed = _parameters(head)
        if parsed is None or (_MACRO.fullmatch(parsed[0]) and body_end is None):
            return
        start += len(head) - len(head.lstrip())
        lines = 0 if body_end is None else self.line(body_end) - self.line(start) + 1
        overrides = re.search(r"\b(override|final)\b", head) is not None
        name, parameters = parsed
        self.found.append(
            Function(name, self.line(start), parameters, all(self.access), overrides, lines)
        )

    def scope(self, start, end):
        """Reads declarations from `start` up to `end`, both inside one namespace or class."""
        at = head_at = start
        while at < end:
            char = self.code[at]
            if char in "([":
                at = _closing(self.code, at)
            elif char == ";":
                self.declare(head_at, at)
                head_at = at + 1
            elif char == "{":
                at, head_at = self.brace(head_at, at)
            at += 1

    def brace(self, head_at, at):
        """Deals with the block at `at`; answers where to go on and where the next head starts."""
        close = _closing(self.code, at)
        head = self.code[head_at:at]
        plain = re.sub(r"template\s*<[^;{}]*?>(?=\s*(class|struct|requires|union)?)", "", head)
        kind = _SCOPE.search(plain)
        if kind and "(" not in plain[kind.start() :]:
            self.enter(kind.group(1), head, at, close)
            return close, close + 1
        if _is_initialiser(head):
            return close, head_at
        self.declare(head_at, at, close)
        return close, close + 1

    def enter(self, kind, head, at, close):
        labels = list(_LABEL.finditer(head))
        if labels and self.access:
            self.access[-1] = labels[-1].group(1) == "public"
        if kind == "enum":
            return
        inner = kind in ("class", "struct", "union")
        if inner:
            self.access.append(kind != "class")
        self.scope(at + 1, close)
        if inner:
            self.access.pop()


def functions(text):
    """Every function that `text` declares or defines at namespace or class level."""
    scan = _Scan(text)
    scan.scope(0, len(scan.code))
    return scan.found


_TYPE = re.compile(
    r"\b(?:class|struct|union|enum|concept|using)\s+(?:class\s+|struct\s+)?(\w+)\s*(?:[:{;=]|final\b)"
)


def types(text):
    """Yields (line, name) of every type that `text` names."""
    code = _prepare(text)
    for match in _TYPE.finditer(code):
        yield code.count("\n", 0, match.start()) + 1, match.group(1)
