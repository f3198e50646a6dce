#!/usr/bin/env python3
"""A team that signs with GPG today puts its signature forward as evidence, with the real programs.

    evidence_test.py BIN REPO

A server, a release, two keys made by gpg for this test alone. What gpg signed is taken and shown,
and verifies anew, also from an evidence pack; a signature over other bytes, one by a key that is
not in the keyring and one by a key that has expired are refused and leave no trace.
"""
import json
import os
import subprocess
import sys
import tempfile

from kill_test import Lab
from tutorial_test import end_all


class Team(Lab):
    def __init__(self, programs, repo, folder):
        super().__init__(programs, repo, folder)
        self.environment["GNUPGHOME"] = self.path("gnupg")
        os.mkdir(self.path("gnupg"), 0o700)

    def run(self, *command, expect=0):
        return "".join(self.hear(*command, expect=expect))

    def firebreak(self, *arguments, **options):
        return self.run("firebreak", "--home", "lab", *arguments, **options)

    def gpg(self, *arguments):
        return self.run("gpg", "--batch", "--quiet", "--yes", *arguments)

    def make_key(self, name, *options):
        self.gpg(
            *options,
            *("--pinentry-mode", "loopback", "--passphrase", ""),
            *("--quick-gen-key", f"{name} <{name}@example.com>", "ed25519", "sign"),
            "1d" if options else "never",
        )

    def sign(self, name, file, out, *options):
        self.gpg(*options, "--local-user", name, "--armor", "--detach-sign", "-o", out, file)

    def serve(self):
        self.start_server()
        self.until("a server", 10, lambda: self.firebreak("release", "list"))

    def publish(self):
        with open(self.path("sensor"), "w", encoding="ascii") as engine:
            engine.write("nobody runs this engine\n" * 1000)
        examples = f"{self.repo}/examples/sensor"
        self.release(
            "sensor.engine", "core", "7.11", "--artifact", "sensor",
            "--contract", f"{examples}/contract-7.11.json",
            "--definition", f"{examples}/definition.json",
        )

    def add(self, signature, keyring="keys.gpg", **options):
        return self.firebreak(
            *("evidence", "add", "sensor.engine", "7.11", "--gpg", signature),
            *("--keyring", keyring, "--key", "lab/people/reviewer.pem"),
            **options,
        )

    def listed(self):
        said = self.firebreak("--json", "evidence", "list", "sensor.engine", "7.11")
        return json.loads(said)["evidence"]

    def verify(self, keyring="keys.gpg", **options):
        release = ("sensor.engine", "7.11")
        return self.firebreak("evidence", "verify", *release, "--keyring", keyring, **options)


def refuse_what_is_not_good(team):
    team.verify(expect=1)  # there is none yet
    team.run("cp", "lab/firebreak.toml", "other")
    team.sign("ann", "other", "other.asc")
    assert "not a signature over these bytes" in team.add("other.asc", expect=1)
    team.sign("zoe", "sensor", "zoe.asc")
    assert "its key is not in the keyring" in team.add("zoe.asc", expect=1)
    then = ("--faked-system-time", "20200101T000000")
    team.make_key("old", *then)
    team.sign("old", "sensor", "old.asc", *then)
    team.gpg("--export", "-o", "old.gpg", "old")
    assert "its key has expired" in team.add("old.asc", keyring="old.gpg", expect=1)
    team.sign("ann", "sensor", "text.asc", "--textmode")
    assert "over text, not over bytes" in team.add("text.asc", expect=1)
    team.sign("ann", "sensor", "weak.asc", "--digest-algo", "SHA1")
    assert "gpgv cannot check it" in team.add("weak.asc", expect=1)
    team.add("sensor", expect=3)  # far too long to be a signature
    team.add("nowhere.asc", expect=2)
    team.gpg("--armor", "--export", "-o", "armored.gpg", "ann")
    assert "armored" in team.add("ann.asc", keyring="armored.gpg", expect=2)
    assert team.listed() == []


def take_what_is_good(team):
    assert "recorded: sensor" in team.add("ann.asc")
    assert "recorded before" in team.add("ann.asc")
    (only,) = team.listed()
    fingerprints = team.gpg("--with-colons", "--list-keys", "ann")
    assert f"fpr:::::::::{only['fingerprint']}:" in fingerprints, only
    assert only["person"] == "reviewer" and only["artifact"] == "sensor"
    assert "holds: sensor" in team.verify()
    team.gpg("--export", "-o", "zoe.gpg", "zoe")
    assert "does not hold" in team.verify(keyring="zoe.gpg", expect=1)
    assert team.verify("nowhere.gpg", expect=2)


def prove_it_offline(team):
    team.firebreak("log", "pack", "sensor.engine", "7.11", "--out", "pack.json")
    told = team.run("firebreak-verify", "pack.json", "--root", "lab/root.json")
    assert "evidence by reviewer: urn:firebreak:evidence:openpgp-signature:1" in told, told


def tell(team):
    team.make_key("ann")
    team.make_key("zoe")
    team.gpg("--export", "-o", "keys.gpg", "ann")
    team.run("firebreak", "init", "lab", "--lab", "--listen", team.listen)
    team.serve()
    team.publish()
    team.sign("ann", "sensor", "ann.asc")
    refuse_what_is_not_good(team)
    take_what_is_good(team)
    prove_it_offline(team)
    team.server.kill()
    team.server.wait()
    team.serve()
    assert len(team.listed()) == 1, "it is there after a restart"
    assert team.run("ls", "lab/cache").find("openpgp-") < 0, "copies are left behind"


def main():
    programs, repo = (os.path.abspath(path) for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory(prefix="firebreak-evidence-") as folder:
        team = Team(programs, repo, folder)
        try:
            tell(team)
        finally:
            subprocess.run(("gpgconf", "--kill", "all"), env=team.environment, check=False)
            end_all(folder)


if __name__ == "__main__":
    main()
