#!/usr/bin/env python3
"""What simulate, policy score and the calculators say on the command line, and what they refuse.

    simulate_test.py BIN

An option that would change nothing is refused with a sentence that says what to do instead; a value
that is no number is refused; and what a reader of the figures has to know stands beside them.
"""
import json
import os
import subprocess
import sys
import tempfile

USAGE, COULD_NOT = 2, 3
KEYS = {"rule", "runs", "harmed", "exposed", "halted", "halt_minute", "exhausted", "t100_min"}
LOOSE = """[fleet]
devices = 1000
[fault]
[rollout]
budget = 100
holdback = 0
"""
# One that nothing but its gate stops, so that a score takes no time.
INCIDENT = {
    "id": "X1", "date": "2024-01-01", "name": "a file", "what": "", "spread": "release",
    "cohort_ppm": 1_000_000, "fails_ppm": 1_000_000, "channel": "none", "onset_min": 0,
    "gate": "contract", "assumption": "everybody reads it", "source": "made up",
}


class Programs:
    def __init__(self, programs, folder):
        self.program = f"{programs}/firebreak"
        self.folder = folder

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run(self, *arguments, expect=0):
        done = subprocess.run(
            [self.program, *arguments], capture_output=True, text=True, timeout=120, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == expect, f"{arguments}: {done.returncode}\n{said}"
        return said

    def says(self, expected, *arguments, expect=0):
        said = self.run(*arguments, expect=expect)
        assert expected in said, f"{arguments}: no '{expected}' in\n{said}"
        return said


def refusals(firebreak, fleet, incidents):
    bound = ["rollout", "bound", "--observed", "10", "--bad", "0"]
    nothing = firebreak.file("none.json", '{"format": "firebreak.incidents/1", "incidents": []}')
    for arguments, expected, code in [
        ([*bound, "--budget", "nan"], "nan is not a number from 0 to 1e+09", USAGE),
        ([*bound, "--budget", "inf"], "inf is not a number", USAGE),
        ([*bound, "--beta", "nan"], "nan is not a number from 1e-06 to 0.5", USAGE),
        ([*bound, "--delta", "-nan"], "-nan is not a number from 0 to 1", USAGE),
        ([*bound, "--delta", "1x"], "1x is not a number from 0 to 1", USAGE),
        (["simulate", "--scenario", fleet, "--seed", "-1"], "-1 is not a whole number", USAGE),
        (
            ["simulate", "--scenario", fleet, "--seed", "18446744073709551616"],
            "18446744073709551616 is not a whole number", USAGE,
        ),
        (["simulate", "--incident", "I01", "--page", "x"], "leave out --page", USAGE),
        (["simulate", "--incident", "I01", "--model", "exact"], "leave out --model exact", USAGE),
        (["simulate", "--scenario", fleet, "--compare"], "add --incident I01 (or all)", USAGE),
        (["simulate", "--scenario", fleet, "--incidents", incidents], "add --incident", USAGE),
        (["simulate", "--incident", "I25", "--rule", "bigbag"], "did you mean 'bigbang'?", USAGE),
        (["simulate", "--incident", "all", "--incidents", nothing], "at least one", COULD_NOT),
        (["policy", "score", "--incidents", nothing], "at least one", COULD_NOT),
    ]:
        firebreak.says(expected, *arguments, expect=code)
    assert not os.path.exists("x"), "a refused --page was written"


def calculators(firebreak):
    firebreak.says(
        "of the devices (error 0.01, at any time)",
        "rollout", "bound", "--observed", "100", "--bad", "0",
    )
    evidence = ["rollout", "evidence", "--control-bad", "0", "--control", "1000000"]
    firebreak.says(
        "evidence of more than 3.773020301e+260 : 1",
        *evidence, "--treated-bad", "200000", "--treated", "200000",
    )
    said = firebreak.run(*evidence, "--treated-bad", "2", "--treated", "10")
    assert "more than" not in said, said


def notes(firebreak, fleet, loose):
    """Beside the figures: what unusual parameters cost, and only where they are unusual."""
    said = firebreak.run("simulate", "--scenario", loose, "--runs", "2")
    assert [line[:10] for line in said.splitlines()[-2:]] == ["note: the ", "note: with"], said
    document = json.loads(firebreak.run("simulate", "--scenario", loose, "--runs", "2", "--json"))
    assert set(document) == KEYS | {"warnings"} and len(document["warnings"]) == 2, document
    document = json.loads(firebreak.run("simulate", "--scenario", fleet, "--runs", "2", "--json"))
    assert set(document) == KEYS, document
    said = firebreak.run("simulate", "--scenario", loose, "--runs", "2", "--rule", "bigbang")
    assert "note:" not in said, "the parameters are not those of that rule"


def incidents_told(firebreak, loose):
    one = ["simulate", "--incident", "I01", "--runs", "1"]
    said = firebreak.says("if the gate is waived: 10 devices hit\n", *one)
    assert "assumed: every device runs an engine with 20 inputs\n" in said, said
    assert "note:" not in said, said
    firebreak.says("note: [fault] of the scenario is not used", *one, "--scenario", loose)
    document = json.loads(firebreak.run(*one, "--scenario", loose, "--json"))
    assert any("[fault]" in warning for warning in document["warnings"]), document

    said = firebreak.says("I01 under other rules:\n", *one, "--rule", "argo", "--compare")
    assert "a check of argo" in said and "evidence of harm" not in said, said
    assert "waived" not in said, "argo has no gate"
    rules = [line.split()[0] for line in said.splitlines() if line.startswith("       ")]
    assert "hbp" in rules and "argo" not in rules, said


def one_line_each(firebreak, incidents):
    said = firebreak.run("simulate", "--incident", "all", "--incidents", incidents, "--runs", "1")
    assert len(said.splitlines()) == 3, said  # the heads, the incident, the sum


def edits(firebreak, fleet, incidents):
    score = ["policy", "score", "--incidents", incidents, "--runs", "1"]
    with open(fleet, encoding="utf-8") as file:
        text = file.read()
    open_gate = firebreak.file("open.toml", text + "[gates]\ncontract = false\n")
    larger = firebreak.file("larger.toml", text.replace("5000", "6000"))
    for before, after, expected in [
        (fleet, open_gate, "the edit: 1 fewer caught, 5000 more devices hit\n"),
        (open_gate, fleet, "the edit: 1 more caught, 5000 fewer devices hit\n"),
        (fleet, fleet, "the edit: as many caught, as many devices hit\n"),
    ]:
        said = firebreak.says(expected, *score, "--scenario", before, "--after", after)
        assert "note:" not in said, said
    firebreak.says(
        "note: the fleets differ, 5000 devices before and 6000 after",
        *score, "--scenario", fleet, "--after", larger,
    )


def page_names_its_rule(firebreak, fleet):
    page = os.path.join(firebreak.folder, "page.html")
    firebreak.run(
        "simulate", "--scenario", fleet, "--runs", "1", "--rule", "ladder", "--page", page
    )
    with open(page, encoding="utf-8") as file:
        assert "--rule ladder" in file.read(), "the command does not draw the same again"


def main(programs):
    with tempfile.TemporaryDirectory() as folder:
        firebreak = Programs(os.path.abspath(programs), folder)
        fleet = firebreak.file("fleet.toml", "[fleet]\ndevices = 5000\n")
        loose = firebreak.file("loose.toml", LOOSE)
        incidents = firebreak.file(
            "incidents.json",
            json.dumps({"format": "firebreak.incidents/1", "incidents": [INCIDENT]}),
        )
        os.chdir(folder)
        refusals(firebreak, fleet, incidents)
        calculators(firebreak)
        notes(firebreak, fleet, loose)
        incidents_told(firebreak, loose)
        one_line_each(firebreak, incidents)
        edits(firebreak, fleet, incidents)
        page_names_its_rule(firebreak, fleet)


if __name__ == "__main__":
    main(*sys.argv[1:])
