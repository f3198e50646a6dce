#!/usr/bin/env python3
"""Runs the commands of a document as a reader would, so that the document cannot go stale.

    tutorial_test.py BIN REPO [DOCUMENT]

Every fenced block marked ```sh of DOCUMENT (docs/tutorial.md when none is named, relative to REPO)
runs in order in one shell, in a folder of its own, with BIN first in PATH. A block fails at its
first command that fails. When the line before a block says <!-- exit N -->, its last command must
end with exactly N, and earlier ones may fail. The whole run may take a minute; whatever it started
is ended.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

SECONDS = 60
EXPECTED = re.compile(r"^<!-- exit (\d+) -->$")

DRIVER = """
step() {{ line=$1; expected=$2; echo "--- line $line" >&2; }}
over() {{
  code=$?
  [ -n "${{done_all:-}}" ] && exit 0
  echo "the block at {name}:$line ended with $code, not with $expected" >&2
  exit 1
}}
trap over EXIT
set -o pipefail
"""


def blocks(text):
    """(line of the fence, expected exit code, commands) of every ```sh block."""
    lines = text.splitlines()
    found, i = [], 0
    while i < len(lines):
        if lines[i].strip() != "```sh":
            i += 1
            continue
        match = EXPECTED.match(lines[i - 1].strip()) if i > 0 else None
        end = next(j for j in range(i + 1, len(lines)) if lines[j].strip() == "```")
        found.append((i + 1, int(match.group(1)) if match else 0, "\n".join(lines[i + 1 : end])))
        i = end + 1
    return found


def script(name, found):
    """One shell script: a block that may end otherwise than with 0 runs without `set -e`."""
    parts = [DRIVER.format(name=name)]
    for line, expected, commands in found:
        parts.append(f"step {line} {expected}")
        if expected == 0:
            parts += ["set -e", commands, "set +e"]
        else:
            parts += ["set +e", commands, f'ended=$?; [ "$ended" -eq {expected} ] || exit "$ended"']
    parts.append("done_all=1")
    return "\n".join(parts) + "\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def left_over(folder):
    """Processes in `folder`, or with it on their command line: ours, since its name is unique."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            here = os.readlink(f"/proc/{entry}/cwd")
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                command = file.read().decode(errors="replace")
        except OSError:
            continue
        if here.startswith(folder) or folder in command:
            found.append(int(entry))
    return found


def end_all(folder):
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in left_over(folder):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        until = time.monotonic() + 5
        while left_over(folder) and time.monotonic() < until:
            time.sleep(0.1)


def run(programs, repo, document):
    with open(os.path.join(repo, document), encoding="utf-8") as file:
        found = blocks(file.read())
    if not found:
        print(f"{document} has no ```sh block", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="firebreak-tutorial-") as folder:
        path = os.path.join(folder, "commands")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script(document, found))
        environment = {
            "PATH": programs + ":" + os.environ["PATH"],
            "HOME": folder,
            "TMPDIR": folder,
            "REPO": repo,
            "LISTEN": f"127.0.0.1:{free_port()}",
        }
        output = open(os.path.join(folder, "output"), "w+", encoding="utf-8", errors="replace")
        began = time.monotonic()
        shell = subprocess.Popen(
            ["bash", path], cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            code = shell.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            code = "no end"
        took = time.monotonic() - began
        end_all(folder)
        output.seek(0)
        text = output.read()
        output.close()
    if code != 0 or os.environ.get("VERBOSE"):
        print(text)
    print(f"{document}: {len(found)} blocks in {took:.0f} s: {'ok' if code == 0 else 'FAILED'}")
    return 0 if code == 0 else 1


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    document = sys.argv[3] if len(sys.argv) == 4 else "docs/tutorial.md"
    return run(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), document)


if __name__ == "__main__":
    sys.exit(main())
