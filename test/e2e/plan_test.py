#!/usr/bin/env python3
"""Plans and refusals on the command line, against a real server with the times of production.

    plan_test.py BIN REPO

A home as `firebreak init` makes it for production, and devices of two rings and two strata that
enrol and check in over HTTP. `rollout plan` says waves, strata, counts, the earliest finish and
the worst exposure, in words and as JSON, and both agree; everything at once is refused with the
fastest lawful plan; a closed gate makes `submit` a "no"; what lies below a floor is not started;
neither floors nor the lab profile can be had by a line of configuration; and two people, not
one, give a rollout that runs a larger harm budget.
"""
import hashlib
import http.client
import json
import os
import re
import sys
import tempfile

from kill_test import Lab
from tutorial_test import end_all

DEVICES = 300
BROAD = DEVICES * 5 // 6  # the rest is canary
FAULTS_MS = [0, 5 * 60_000, 30 * 60_000, 6 * 3_600_000, 24 * 3_600_000]
HOUR_MS = 3_600_000


def secret_of(number):
    return f"secret of device {number}"


def token_hash(number):
    return "sha256:" + hashlib.sha256(secret_of(number).encode()).hexdigest()


class Vendor(Lab):
    """A publisher with its server, and devices as far as a server can tell them from real ones."""

    def __init__(self, programs, repo, folder):
        super().__init__(programs, repo, folder)
        self.environment["FIREBREAK_PASSPHRASE"] = "correct horse battery staple"

    def post(self, path, document, secret=""):
        """Requests of one device after the other on one connection."""
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        headers["Content-Type"] = "application/json"
        self.connection.request("POST", path, json.dumps(document), headers)
        answer = self.connection.getresponse()
        said = answer.read().decode()
        assert answer.status in (200, 201), f"{path}: {answer.status} {said}"

    def enrol(self):
        with open(self.path("lab/tenants/acme/enrolment.token"), encoding="utf-8") as file:
            token = file.read().strip()
        self.connection = http.client.HTTPConnection(self.listen, timeout=30)
        for number in range(DEVICES):
            self.post(
                "/v1/enroll",
                {
                    "format": "firebreak.enrolment/1", "enrolment_token": token, "tenant": "acme",
                    "os": "linux", "arch": "arm64" if number % 4 == 1 else "amd64",
                    "ring": "canary" if number % 6 == 0 else "broad",
                    "token_hash": token_hash(number),
                },
            )

    def hear_everybody(self):
        components = [
            {"component": name, "version": version, "active": digest, "ready": False,
             "state": "healthy", "waiting": ""}
            for name, (version, digest) in self.running.items()
        ]
        self.connection = http.client.HTTPConnection(self.listen, timeout=30)
        for number in range(DEVICES):
            self.post(
                "/v1/check-in",
                {
                    "format": "firebreak.check-in/1", "boot_id": "boot", "boot_count": 1,
                    "uptime_ms": 100_000, "root_version": 1, "policy_version": 0, "sequence": 0,
                    "components": components, "events": [],
                },
                secret_of(number),
            )

    def say(self, *arguments, expect=0):
        """What a person reads, wherever it is printed."""
        return "".join(self.hear("firebreak", "--home", "lab", *arguments, expect=expect))

    def serve(self):
        self.start_server()
        self.until("a server", 20, lambda: self.firebreak("release", "list"))

    def reconfigure(self, before, after):
        path = self.path("lab/server/firebreakd.toml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert before in text, text
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(before, after, 1))

    def end_server(self):
        self.server.kill()
        self.server.wait()

    def restart(self):
        self.end_server()
        self.serve()

    def digest(self, component, version):
        releases = json.loads(self.firebreak("release", "list"))["releases"]
        (found,) = [r for r in releases if (r["component"], r["version"]) == (component, version)]
        return found["release"]

    def engine(self, version):
        examples = f"{self.repo}/examples/sensor"
        self.release(
            "sensor.engine", "core", version, "--artifact", self.path("sensor"),
            "--contract", f"{examples}/contract-7.11.json",
            "--definition", f"{examples}/definition.json",
        )

    def open_shop(self):
        self.run("firebreak", "init", "lab", "--listen", self.listen)
        self.serve()
        os.symlink(os.path.join(self.programs, "sensor-7.11"), self.path("sensor"))
        self.engine("7.11")
        self.content("289")
        self.running = {
            "sensor.engine": ("7.11", self.digest("sensor.engine", "7.11")),
            "sensor.channel": ("289", self.digest("sensor.channel", "289")),
        }
        self.enrol()
        self.hear_everybody()
        self.content("290")
        self.engine("7.12")

    def plan(self, *release, lane="standard"):
        return json.loads(self.firebreak("rollout", "plan", *release, "--lane", lane))


def check_numbers(plan):
    assert plan["devices"] == DEVICES
    waves = plan["waves"]
    assert len(waves) >= 2 and waves[0]["devices"] < DEVICES, waves
    total = 0
    for wave in waves:
        total += wave["devices"]
        assert wave["devices"] > 0 and wave["total"] == total, waves
    assert total == DEVICES and waves[-1]["at_ms"] == plan["everybody_ms"] < plan["finish_ms"]
    rings = [wave["population"] for wave in waves]
    assert rings == sorted(rings, key=["canary", "broad"].index), "canary comes first"
    sizes = {(s["population"], s["name"]): s["devices"] for s in plan["strata"]}
    assert len(sizes) == 3 and sum(sizes.values()) == DEVICES, sizes
    assert [each["shows_after_ms"] for each in plan["worst"]] == FAULTS_MS
    exposed = [each["devices"] for each in plan["worst"]]
    assert exposed == sorted(exposed) and exposed[0] <= DEVICES // 10, exposed
    assert exposed[-1] == DEVICES and plan["worst"][-1]["halted_at_ms"] is None


def check_words(text, plan):
    for heading in ("AFTER +RING +DEVICES +TOTAL", "RING +STRATUM +DEVICES",
                    "FAULT SHOWS AFTER +DEVICES EXPOSED +HALTED AFTER"):
        assert re.search(heading, text), text
    for each in plan["strata"]:
        row = f"{each['population']} +{re.escape(each['name'])} +{each['devices']}\n"
        assert re.search(row, text), f"{row}: {text}"
    for each, shown in zip(plan["worst"], ("at once", "5 min", "30 min", "6 h", "1 day")):
        assert re.search(rf"^{shown} +{each['devices']} of {DEVICES} ", text, re.M), text
    assert "Earliest: everybody may have it after " in text and "all is resolved after" in text
    assert len(re.findall(r"^\S.* (?:canary|broad) +\d+ +\d+$", text, re.M)) == len(plan["waves"])


def plans_are_told(vendor):
    release = ("sensor.channel", "290")
    for lane in ("standard", "fast", "emergency"):
        plan = vendor.plan(*release, lane=lane)
        assert plan["lane"] == lane
        check_numbers(plan)
        check_words(vendor.say("rollout", "plan", *release, "--lane", lane), plan)
    core = vendor.plan("sensor.engine", "7.12")
    check_numbers(core)
    six_hours = FAULTS_MS.index(6 * HOUR_MS)
    assert core["worst"][six_hours]["halted_at_ms"], "core is watched for a working day"
    assert not vendor.plan(*release)["worst"][six_hours]["halted_at_ms"]
    fast = ("rollout", "plan", "sensor.engine", "7.12", "--lane", "fast")
    assert "core goes by standard or emergency" in vendor.say(*fast, expect=1)
    assert vendor.say("rollout", "plan", "sensor.channel", "999", expect=3)


def all_at_once_is_refused(vendor):
    for release in (("sensor.channel", "290"), ("sensor.engine", "7.12")):
        start = ("rollout", "start", *release, "--at-once", "--as", "operator")
        lawful = re.compile(
            rf"all {DEVICES} in \d[^;]* by the (standard|fast|emergency) lane; needs [12] approval"
        )
        said = vendor.say(*start, expect=1)
        assert said.startswith("refused: no release goes to everybody at once"), said
        assert lawful.search(said), said
        told = json.loads(vendor.firebreak(*start, expect=1))
        assert told["refused"] == "everybody at once" and lawful.match(told["fastest"]), told
        check_numbers(told["plan"])
        for lane in ("standard", "emergency"):
            offered = vendor.plan(*release, lane=lane)["everybody_ms"]
            assert told["plan"]["everybody_ms"] <= offered, f"{lane} is faster"
    assert json.loads(vendor.firebreak("rollout", "status"))["rollouts"] == []


def a_closed_gate_is_a_no(vendor):
    """291 reads a field that engine 7.11 does not supply."""
    rules, out = f"{vendor.repo}/examples/sensor/channel/291.rules", vendor.path("291.bin")
    vendor.run("sensor-compile", rules, out, "--needs", vendor.path("291.json"))
    vendor.firebreak(
        "release", "create", "--component", "sensor.channel", "--kind", "content",
        "--version", "291", "--reader", "sensor.engine", "--artifact", out,
        "--needs", vendor.path("291.json"),
        "--what", "w", "--why", "w", "--risk", "r", "--undo", "u",
    )
    vendor.firebreak("release", "sign", "sensor.channel-291")
    said = vendor.say("release", "submit", "sensor.channel-291", expect=1)
    assert "submitted sensor.channel-291" in said and "contract: closed" in said, said
    assert vendor.digest("sensor.channel", "291"), "it is there all the same: two roles may waive"
    start = ("rollout", "start", "sensor.channel", "291", "--as", "operator")
    assert "contract" in vendor.say(*start, expect=1)


def floors_hold(vendor):
    release = ("sensor.channel", "290")
    start = ("rollout", "start", *release, "--as", "operator")
    vendor.say("approve", *release, "--as", "reviewer", "--reason", "r")
    vendor.reconfigure("\n[[tenant]]", "\n[rollout.content]\nbudget = 100\n\n[[tenant]]")
    vendor.restart()
    vendor.hear_everybody()
    told = (
        "budget = 100 is not allowed for content in the standard lane: the largest legal one for "
        f"{BROAD} devices is {BROAD // 10}"
    )
    assert told in vendor.say(*start, expect=1)
    assert told in vendor.say("rollout", "plan", *release, expect=1)


def configuration_opens_no_door(vendor):
    vendor.end_server()
    vendor.reconfigure("budget = 100", "horizons_ms = [900000, 1800000]")
    said = vendor.hear("firebreakd", "--config", "lab/server/firebreakd.toml", expect=2)[1]
    assert "the smallest legal one is 3600000 (1 h)" in said, said
    vendor.reconfigure('profile = "standard"', 'profile = "lab"')
    said = vendor.hear("firebreakd", "--config", "lab/server/firebreakd.toml", expect=2)[1]
    assert 'profile "lab" is for a repository that `firebreak init --lab` made' in said, said


def two_people_accept_a_budget(vendor):
    vendor.reconfigure('profile = "lab"', 'profile = "standard"')
    vendor.reconfigure("horizons_ms = [900000, 1800000]", "budget = 10")
    vendor.serve()
    vendor.hear_everybody()
    vendor.say("rollout", "start", "sensor.channel", "290", "--as", "operator")

    def rollout():
        (only,) = json.loads(vendor.firebreak("rollout", "status"))["rollouts"]
        return only

    def accept(person, budget, expect=0):
        return vendor.say(
            "rollout", "accept", str(rollout()["rollout"]), "--budget", str(budget), "--as", person,
            "--reason", "kiosks may be lost", expect=expect,
        )

    before = rollout()["budget"]
    assert f"the budget of canary is {before} machines of {DEVICES - BROAD}" in accept(
        "operator", before, expect=1
    )
    said = accept("operator", before + 5)
    assert "recorded; a second person with another role must sign it too" in said, said
    assert rollout()["budget"] == before, "one word is none"
    assert f"budget {before + 5}, raised from {before}" in accept("security", before + 5)
    assert rollout()["budget"] == before + 5
    assert "--reason is needed" in vendor.say(
        "rollout", "accept", str(rollout()["rollout"]), "--budget", "30", "--as", "operator",
        expect=2,
    )


def main():
    programs, repo = (os.path.abspath(path) for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory(prefix="firebreak-plan-") as folder:
        vendor = Vendor(programs, repo, folder)
        try:
            vendor.open_shop()
            plans_are_told(vendor)
            all_at_once_is_refused(vendor)
            a_closed_gate_is_a_no(vendor)
            floors_hold(vendor)
            configuration_opens_no_door(vendor)
            two_people_accept_a_budget(vendor)
        finally:
            end_all(folder)


if __name__ == "__main__":
    main()
