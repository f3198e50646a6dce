#!/usr/bin/env python3
"""Across an air gap with the real programs: marked, exported, carried, installed, no server.

    bundle_test.py BIN REPO

A publisher marks releases and exports three bundles. The first is laid out as a mirror, from which
a machine without any server is provisioned; then the publisher's server is stopped. The second
brings the customer's policy, which wants an approval that is not there, and its release waits; the
third brings the approval, and is taken. Damaged, older and unmarked bundles are refused, each with
its reason.
"""
import json
import os
import sys
import tarfile
import tempfile

import kill_test
from tutorial_test import end_all


class Gap(kill_test.Lab):
    def said(self, *command, expect):
        return json.loads(self.run(*command, expect=expect))

    def mark(self, component, version):
        self.firebreak("release", "mark-released", component, version, "--unproven", expect=1)
        self.firebreak("approve", component, version, "--as", "reviewer", "--reason", "tried it")
        self.firebreak("release", "mark-released", component, version, "--unproven")

    def export(self, file, *releases, policies=(), **options):
        chosen = [word for each in releases for word in ("--release", each)]
        chosen += [word for each in policies for word in ("--policy", each)]
        path = self.path(file)
        self.firebreak("bundle", "export", *chosen, "--output", path, **options)
        return path

    def policy(self, *rules):
        said = self.firebreak("policy", "sign", "--tenant", "acme", *rules)
        return json.loads(said)["file"]

    def furnish(self):
        self.open_shop()
        self.content("290")

    def furnish_site(self, mirror):
        with open(self.path("agent.toml"), "w", encoding="utf-8") as file:
            file.write(f"""tenant = "acme"
root = "{self.path('lab/root.json')}"
policy_key = "{self.path('lab/tenants/acme/policy.pub.json')}"
state_dir = "{self.path('machine')}"
socket = "{self.path('agent.sock')}"
[air_gapped]
carry_days = 10
[component."sensor.engine"]
kind = "core"
[component."sensor.channel"]
kind = "content"
reader = "sensor.engine"
""")
        for component, version in (("sensor.engine", "7.11"), ("sensor.channel", "289")):
            self.run(
                "firebreak-agent", "provision", "--config", self.path("agent.toml"),
                "--repository", mirror, "--component", component, "--version", version,
            )
        self.agents[0] = self.start(
            "agent", "firebreak-agent", "run", "--config", self.path("agent.toml")
        )
        self.until("an agent", 10, lambda: "running" in self.agent("status", expect=0))

    def agent(self, verb, *more, expect):
        config = self.path("agent.toml")
        return self.run("firebreak-agent", verb, "--config", config, "--json", *more, expect=expect)

    def install(self, bundle, expect):
        said = self.agent("install", "--bundle", bundle, "--wait-s", "15", expect=expect)
        return json.loads(said)


def damaged(path, ending):
    """A copy in which one byte of the member with this ending differs."""
    with tarfile.open(path) as archive:
        at = [each.offset_data for each in archive if each.name.endswith(ending)][0]
    with open(path, "rb") as file:
        data = bytearray(file.read())
    data[at] ^= 1
    with open(path + ".damaged", "wb") as file:
        file.write(data)
    return path + ".damaged"


def story(gap):
    gap.furnish()
    early = gap.export("early.bundle", "sensor.channel@290", expect=1)
    assert not os.path.exists(early) and not os.path.exists(early + ".partial")
    gap.mark("sensor.engine", "7.11")
    gap.mark("sensor.channel", "289")
    first = gap.export("first.bundle", "sensor.engine@7.11", "sensor.channel@289")
    gap.mark("sensor.channel", "290")
    policy = gap.policy("--approvals", "security", "--id", "two-eyes")
    second = gap.export("second.bundle", "sensor.channel@290", policies=[policy])
    gap.firebreak("approve", "sensor.channel", "290", "--as", "security", "--reason", "read it")
    third = gap.export("third.bundle", "sensor.channel@290", policies=[policy])

    gap.server.terminate()
    gap.server.wait(timeout=10)
    root, mirror = gap.path("lab/root.json"), gap.path("mirror")
    shown = gap.said("firebreak", "--json", "bundle", "show", third, "--root", root, expect=0)
    assert shown["releases"][0]["version"] == "290", shown
    assert "security" in [each["person"] for each in shown["releases"][0]["acts"]], shown
    assert shown["tenants"] == [{"policy": True, "rotations": 0, "tenant": "acme"}], shown
    gap.said(
        "firebreak", "--json", "bundle", "import", first, "--root", root, "--into", mirror, expect=0
    )
    listed = gap.run("tar", "tf", second)
    assert "metadata/timestamp.json" in listed.splitlines(), listed
    gap.furnish_site(mirror)

    refused = gap.install(damaged(second, "timestamp.json"), expect=1)
    assert refused["refused"]["rule"] == "malformed", refused
    refused = gap.install(damaged(second, ".channel.bin"), expect=1)
    assert "digest mismatch" in refused["releases"][0]["sentence"], refused
    waits = gap.install(second, expect=1)
    assert waits["releases"][0]["state"] == "deferred", waits
    wanted = "rule two-eyes: 0 of 1 approvals that count here (reviewer); still wanted: security"
    assert wanted in waits["releases"][0]["sentence"], waits
    done = gap.install(third, expect=0)
    assert done["releases"][0]["active"], done
    status = json.loads(gap.agent("status", expect=0))
    channel = [each for each in status["components"] if each["component"] == "sensor.channel"][0]
    assert channel["active"]["version"] == "290", channel
    gap.until("290 healthy", 15, lambda: '"healthy"' in gap.agent("status", expect=0))
    replayed = gap.install(first, expect=1)
    assert replayed["refused"]["rule"] == "rolled_back", replayed
    explained = gap.agent("explain", "--component", "sensor.channel", expect=0)
    assert "its released mark permits 290" in explained, explained


def main():
    programs, repo = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="firebreak-bundle-") as folder:
        try:
            story(Gap(programs, repo, folder))
        finally:
            end_all(folder)
    print("carried across, and nothing else was")


if __name__ == "__main__":
    main()
