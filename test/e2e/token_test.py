#!/usr/bin/env python3
"""A core key moves into a PKCS#11 token (SoftHSM), and a core release is signed with it.

    token_test.py BIN REPO

let it take the place of a lost one, and the server accepts what the token signs. What the lost key
would sign nobody asks it for. A wrong PIN is a sentence, and no file holds a key of the token.
it take the place of a lost one, and the server accepts what the token signs and nothing that the
lost key signs. A wrong PIN is a sentence, and no file holds a private key of the token.
"""
import json
import os
import sys
import tempfile

from kill_test import Lab
from tutorial_test import end_all

MODULE = "/usr/lib/softhsm/libsofthsm2.so"


def make_token(lab):
    os.makedirs(lab.path("tokens"))
    with open(lab.path("softhsm2.conf"), "w", encoding="utf-8") as file:
        file.write(f"directories.tokendir = {lab.path('tokens')}\nobjectstore.backend = file\n")
    lab.environment["SOFTHSM2_CONF"] = lab.path("softhsm2.conf")
    lab.run("softhsm2-util", "--init-token", "--free", "--label", "ben", "--so-pin", "4321",
            "--pin", "1234")
    return f"pkcs11:token=ben;object=core-3?module-path={MODULE}"


def create(lab, version):
    engine = lab.path("sensor")
    if not os.path.exists(engine):
        os.symlink(os.path.join(lab.programs, "sensor-7.12"), engine)
    lab.firebreak(
        "release", "create", "--component", "sensor.engine", "--kind", "core", "--version", version,
        "--artifact", engine, "--contract", f"{lab.repo}/examples/sensor/contract-7.12.json",
        "--definition", f"{lab.repo}/examples/sensor/definition.json",
        "--what", "w", "--why", "w", "--risk", "r", "--undo", "u",
    )
    return f"sensor.engine-{version}"


def sign(lab, request, key, **options):
    return lab.run("firebreak", "request", "sign", request, "--root", lab.path("lab/root.json"),
                   "--key", key, "--yes", **options)


def play(lab):
    lab.run("firebreak", "init", lab.path("lab"), "--lab", "--listen", lab.listen)
    lab.start_server()
    lab.until("a server", 10, lambda: lab.firebreak("release", "list"))
    uri = make_token(lab)
    lab.environment["FIREBREAK_PIN"] = "1234"
    lab.run("firebreak", "key", "new", "core-3", "--here", "--token", uri, "--type", "p256")
    with open(lab.path("core-3.pem"), encoding="utf-8") as file:
        assert file.read().strip() == uri, "the key file holds more than the token's URI"

    # The lost key gives way to the one in the token.
    lost = lab.path("lost.request")
    lab.firebreak("key", "revoke", "core-2", "--replace", lab.path("core-3.pub.json"),
                  "--request", lost)
    for holder in ("targets-1", "targets-2", "core-1"):
        sign(lab, lost, lab.path(f"lab/keys/{holder}.pem"))
    lab.environment["FIREBREAK_PIN"] = "0000"
    sign(lab, lost, lab.path("core-3.pem"), expect=3)
    lab.environment["FIREBREAK_PIN"] = "1234"
    sign(lab, lost, lab.path("core-3.pem"))
    lab.firebreak("request", "import", lost)

    # A release by the token and one more holder.
    draft, request = create(lab, "7.12"), lab.path("core.request")
    lab.firebreak("release", "sign", draft, "--request", request)
    sign(lab, request, lab.path("lab/keys/core-2.pem"), expect=1)
    for holder in (lab.path("core-3.pem"), lab.path("lab/keys/core-1.pem")):
        sign(lab, request, holder)
    lab.firebreak("request", "import", request)
    lab.firebreak("release", "submit", draft)
    listed = json.loads(lab.firebreak("release", "list"))
    assert "7.12" in json.dumps(listed), listed
    lab.firebreak("log", "verify")


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="firebreak-token-") as folder:
        lab = Lab(sys.argv[1], sys.argv[2], folder)
        try:
            play(lab)
        finally:
            end_all(folder)
    print("a core release signed in a token was accepted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
