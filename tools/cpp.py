"""C++ text as the checkers see it: the same lines and columns, without comments and literals."""

import re

_TOKENS = re.compile(
    r"//[^\n]*"
    r"|/\*.*?\*/"
    r'|(?<!\w)(?:u8|[LuU])?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def blank(text):
    """Spaces of the same shape."""
    return re.sub(r"[^\n]", " ", text)


def code_only(text):
    """Blanks comments and the insides of literals; what is left stands where it stood."""

    def replace(match):
        token = match.group()
        if token.startswith("/"):
            return blank(token)
        return token[0] + blank(token[1:-1]) + token[-1]

    return _TOKENS.sub(replace, text)


def without_raw_strings(text):
    """Blanks raw strings alone: their lines are data, not code."""

    def replace(match):
        return match.group() if match.group("tag") is None else blank(match.group())

    return _TOKENS.sub(replace, text)


_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)


def includes(text):
    """Yields (line, path) of every #include "path"; commented ones do not count."""
    code = code_only(text)
    for match in _INCLUDE.finditer(text):
        hash_at = text.index("#", match.start())
        if code[hash_at] == "#":
            yield text.count("\n", 0, match.start()) + 1, match.group(1)
