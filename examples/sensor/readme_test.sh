#!/bin/bash
# Runs the commands of README.md as a reader would and looks for what it promises.
# Arguments: README.md, the directory of the programs.
set -euo pipefail
export PATH="$2:$PATH" ASAN_OPTIONS=handle_segv=0
cd "$(dirname "$1")"
commands=$(sed -n '/^```sh$/,/^```$/{/^```/d;p}' "$1")
output=$(bash -c "$commands" 2>&1)

fail() {
  printf 'README.md promises %s; its commands print:\n%s\n' "$1" "$output"
  exit 1
}
while read -r promise; do
  grep -qF -- "$promise" <<<"$output" || fail "$promise"
done <<'PROMISES'
{"name":"ipc","reads":[1,2,19,21]}
{"name": "ipc", "fields": 20
"channel_version":290
channel 291 loads: 4 rules
died: 139
channel 292 loaded
PROMISES
ends=$(grep -cE '^[1-9][0-9]* events, [1-9][0-9]* detections$' <<<"$output" || true)
[ "$ends" = 3 ] || fail "three clean ends, not $ends"
