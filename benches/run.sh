#!/usr/bin/env bash
# Measures `tokopt analyze` on generated logs, beside counting their newlines.
#
#   benches/run.sh [BYTES] [KIND…]
#
# BYTES of each log (default 1000000000), KINDs counts, pairs, claude-code
# (default all). One log exists at a time, in a temporary folder that is removed
# at the end. Prints CPU seconds (user + system) per GB, wall seconds, peak
# memory, and the ratio to `wc -l`. Results with date and machine go into
# docs/benchmarks.md by hand.
set -euo pipefail
cd "$(dirname "$0")/.."

bytes=${1:-1000000000}
[[ $# -gt 0 ]] && shift
kinds=("$@")
[[ ${#kinds[@]} -gt 0 ]] || kinds=(counts pairs claude-code)

command -v python3 >/dev/null || { echo "benches/run.sh needs python3 to read resource usage" >&2; exit 2; }

cargo build --release --locked --bin tokopt
target=$(cargo metadata --locked --format-version 1 --no-deps |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The generator needs nothing but the standard library; as an example of the
# package it would build the test dependencies too.
rustc -O --edition 2024 -o "$folder/generate_logs" benches/generate.rs

# Runs a command with its output dropped; prints "cpu wall mebibytes".
measure() {
  python3 - "$@" <<'PY'
import os, sys, time

started = time.monotonic()
child = os.fork()
if child == 0:
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(0, 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
if status:
    sys.exit(f"{' '.join(sys.argv[1:])}: failed with {os.waitstatus_to_exitcode(status)}")
# Linux counts in KiB, macOS in bytes.
unit = 2**20 if sys.platform == "darwin" else 2**10
print(usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss / unit)
PY
}

printf '%-12s %10s %9s %12s %8s %9s %12s %7s\n' \
  log MB lines 'cpu s/GB' 'wall s' 'peak MiB' 'wc -l s/GB' ratio
for kind in "${kinds[@]}"; do
  log=$folder/$kind.jsonl
  "$folder/generate_logs" "$kind" "$bytes" >"$log"
  size=$(wc -c <"$log")
  lines=$(wc -l <"$log") # Reads the file once, so both runs find it in memory.
  counted=$(measure wc -l "$log")
  read_ours=$(measure "$target/release/tokopt" analyze "$log" --format json)
  awk -v kind="$kind" -v size="$size" -v lines="$lines" -v ours="$read_ours" -v wc="$counted" '
    BEGIN {
      split(ours, o, " "); split(wc, w, " ")
      giga = size / 1e9
      ratio = w[1] > 0 ? sprintf("%.1f", o[1] / w[1]) : "-"
      printf "%-12s %10.0f %9d %12.2f %8.2f %9.0f %12.3f %7s\n",
        kind, size / 1e6, lines, o[1] / giga, o[2], o[3], w[1] / giga, ratio
    }'
  rm -f "$log"
done
