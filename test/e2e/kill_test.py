#!/usr/bin/env python3
"""SIGKILL at random moments of a rollout: nothing acknowledged is lost, nothing is half done.

    kill_test.py BIN REPO [SEED]

A server and four machines, all real processes. While content 290 goes out, the server is killed and
started again at random moments, and so is each agent. Then the killing stops and the rollout must
finish by itself. At the end every machine runs 290 and holds exactly the signed bytes, nobody was
dispatched twice, and the log verifies. SEED repeats a run's moments; it is printed.
"""
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from tutorial_test import end_all, free_port

MACHINES = 4
KILLING_S = 10
FINISH_S = 60
AGENT_KILLS = 2  # the third start without a passed probe is a boot loop, and rightly goes back


class Lab:
    def __init__(self, programs, repo, folder):
        self.programs, self.repo, self.folder = programs, repo, folder
        self.environment = {"PATH": programs + ":" + os.environ["PATH"], "HOME": folder}
        self.listen = f"127.0.0.1:{free_port()}"
        self.server, self.agents, self.starts = None, {}, {}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def hear(self, *command, expect=0):
        """What a command that ends as expected says: (to the reader, to the log)."""
        result = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if expect is not None and result.returncode != expect:
            said = result.stdout + result.stderr
            raise AssertionError(f"{' '.join(command)}: {result.returncode}\n{said}")
        return result.stdout, result.stderr

    def run(self, *command, expect=0):
        return self.hear(*command, expect=expect)[0]

    def firebreak(self, *arguments, **options):
        return self.run("firebreak", "--home", self.path("lab"), "--json", *arguments, **options)

    def start(self, name, *command):
        with open(self.path(name + ".log"), "ab") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )

    def start_server(self):
        config = self.path("lab/server/firebreakd.toml")
        self.server = self.start("server", "firebreakd", "--config", config)

    def start_agent(self, number):
        config = self.path(f"agent-{number}.toml")
        self.agents[number] = self.start(
            f"agent-{number}", "firebreak-agent", "run", "--config", config
        )

    def until(self, what, seconds, check):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if check():
                    return
            except (AssertionError, ValueError, KeyError, OSError):
                pass
            time.sleep(0.2)
        raise AssertionError(f"{seconds} s passed without {what}")

    # --- releases ---

    def release(self, component, kind, version, *more):
        self.firebreak(
            "release", "create", "--component", component, "--kind", kind, "--version", version,
            *more, "--what", "w", "--why", "w", "--risk", "r", "--undo", "u",
        )
        self.firebreak("release", "sign", f"{component}-{version}")
        self.firebreak("release", "submit", f"{component}-{version}")

    def content(self, version):
        channel, needs = self.path(version, "channel.bin"), self.path(version, "needs.json")
        os.makedirs(self.path(version))
        rules = f"{self.repo}/examples/sensor/channel/290.rules"
        self.run("sensor-compile", rules, channel, "--needs", needs)
        self.release(
            "sensor.channel", "content", version, "--reader", "sensor.engine",
            "--artifact", channel, "--needs", needs, "--probation-ms", "1000", "--restarts", "2",
        )

    def open_shop(self):
        """A publisher, its server, engine 7.11 and content 289."""
        self.run("firebreak", "init", self.path("lab"), "--lab", "--listen", self.listen)
        self.start_server()
        self.until("a server", 10, lambda: self.firebreak("release", "list"))
        examples = f"{self.repo}/examples/sensor"
        os.symlink(os.path.join(self.programs, "sensor-7.11"), self.path("sensor"))
        self.release(
            "sensor.engine", "core", "7.11", "--artifact", self.path("sensor"),
            "--contract", f"{examples}/contract-7.11.json",
            "--definition", f"{examples}/definition.json",
        )
        self.content("289")

    def furnish(self):
        self.open_shop()
        for number in range(MACHINES):
            self.furnish_machine(number)

    def furnish_machine(self, number):
        tenant = self.path("lab/tenants/acme")
        with open(self.path(f"agent-{number}.toml"), "w", encoding="utf-8") as file:
            file.write(f"""server = "http://{self.listen}"
tenant = "acme"
enrolment_token_file = "{tenant}/enrolment.token"
root = "{self.path('lab/root.json')}"
policy_key = "{tenant}/policy.pub.json"
state_dir = "{self.path(f'machine-{number}')}"
socket = "{self.path(f'agent-{number}.sock')}"
[component."sensor.engine"]
kind = "core"
[component."sensor.channel"]
kind = "content"
reader = "sensor.engine"
""")
        for component, version in (("sensor.engine", "7.11"), ("sensor.channel", "289")):
            self.run(
                "firebreak-agent", "provision", "--config", self.path(f"agent-{number}.toml"),
                "--repository", self.path("lab/server/repository"),
                "--component", component, "--version", version,
            )
        self.start_agent(number)

    def everybody_is_heard(self):
        return self.firebreak("device", "list").count('"sensor.channel"') >= MACHINES

    # --- killing ---

    def kill_at_random(self, chance):
        kills = {number: AGENT_KILLS for number in self.agents}
        end, count = time.monotonic() + KILLING_S, 0
        while time.monotonic() < end:
            time.sleep(chance.uniform(0.05, 1.2))
            victims = [number for number, left in kills.items() if left > 0]
            if victims and chance.random() < 0.5:
                number = chance.choice(victims)
                kills[number] -= 1
                self.kill(self.agents[number])
                self.start_agent(number)
            else:
                self.kill(self.server)
                time.sleep(chance.uniform(0, 0.3))
                self.start_server()
            count += 1
        return count

    @staticmethod
    def kill(process):
        assert process.poll() is None, f"{process.args} ended by itself with {process.returncode}"
        process.send_signal(signal.SIGKILL)
        process.wait()

    # --- what must be true at the end ---

    def rollout(self):
        return json.loads(self.firebreak("rollout", "status", "1", expect=None))

    def check_machine(self, number):
        slot = os.path.realpath(self.path(f"machine-{number}/current/sensor.channel"))
        with open(os.path.join(slot, "manifest.json"), "rb") as file:
            manifest = file.read()
        digest = hashlib.sha256(manifest).hexdigest()
        assert os.path.basename(slot) == digest, f"machine {number}: {slot}"
        content = json.loads(manifest)
        assert content["version"] == "290", f"machine {number} runs {content['version']}"
        for artifact in content["artifacts"]:
            with open(os.path.join(slot, artifact["name"]), "rb") as file:
                digest = "sha256:" + hashlib.sha256(file.read()).hexdigest()
            wrong = f"machine {number}: {artifact['name']} has other bytes"
            assert digest == artifact["digest"], wrong

    def check(self):
        assert self.rollout()["exposed"] == MACHINES
        for number in self.agents:
            self.check_machine(number)
        devices = json.loads(self.firebreak("device", "list"))["devices"]
        assert len(devices) == MACHINES, f"{len(devices)} devices enrolled"
        for device in devices:
            rollouts = [each["rollout"] for each in device["exposures"]]
            assert rollouts == [1], f"{device['device']} was dispatched in {rollouts}"
        self.firebreak("log", "verify")


def run(programs, repo, seed):
    with tempfile.TemporaryDirectory(prefix="firebreak-kill-") as folder:
        lab = Lab(programs, repo, folder)
        try:
            lab.furnish()
            lab.until("four machines", 15, lab.everybody_is_heard)
            lab.content("290")
            lab.firebreak("approve", "sensor.channel", "290", "--as", "reviewer", "--reason", "r")
            lab.firebreak("rollout", "start", "sensor.channel", "290", "--as", "operator")
            count = lab.kill_at_random(random.Random(seed))
            began = time.monotonic()
            lab.until("the end of it", FINISH_S, lambda: lab.rollout()["state"] == "completed")
            lab.check()
        except AssertionError as error:
            print(f"seed {seed}: {error}")
            print(lab.firebreak("rollout", "status", "1", expect=None))
            for name in sorted(os.listdir(folder)):
                if name.endswith(".log"):
                    with open(lab.path(name), encoding="utf-8", errors="replace") as file:
                        print(f"--- {name}\n" + "".join(file.readlines()[-15:]))
            return 1
        finally:
            end_all(folder)
    print(f"seed {seed}: {count} kills, then completed in {time.monotonic() - began:.0f} s: ok")
    return 0


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    seed = int(sys.argv[3]) if len(sys.argv) == 4 else random.SystemRandom().randrange(1 << 32)
    return run(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), seed)


if __name__ == "__main__":
    sys.exit(main())
