"""An independent comparison of A/B arms: sums, bootstrap, intervals, verdicts.

    python3 tests/oracle/arms.py plant     # the logs under fixtures/arms
    python3 tests/oracle/arms.py           # expected.json beside every log

Works from docs/ab-tests.md alone: exact fractions, a generator written down a
second time, no line of the product. Reads canonical JSON lines with logged
conversations and one price per model, which is all that these logs have.
"""

import json
import sys
from fractions import Fraction
from pathlib import Path

FOLDER = Path("fixtures/arms")
RESAMPLES = 2000
TAIL = 50
SEED = 20260601
MASK = (1 << 64) - 1
FEWEST_CALLS, FEWEST_CONVERSATIONS = 30, 10

# Dollars per million tokens: fixtures/arms/prices.toml.
INPUT, CACHE_READ, OUTPUT = Fraction(2), Fraction(1, 5), Fraction(8)
UNKNOWN_MODEL = "in-house-7b"


class Generator:
    """SplitMix64."""

    def __init__(self, seed):
        self.state = seed & MASK

    def draw(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        return mixed ^ (mixed >> 31)


def half_even(value):
    """A fraction as the nearest integer; Python rounds halves to even."""
    return round(value)


# What is added up, in an order that compares conversations: each sum is that
# of the calls that log it.
FIELDS = (
    "calls", "priced_calls", "cost", "priced_conversations", "conversation_cost",
    "input_calls", "input", "output_calls", "output", "cache_calls", "cacheable",
    "cache_read", "errors", "scored_calls", "score",
)  # fmt: skip
INDEX = {name: position for position, name in enumerate(FIELDS)}


def sums_of(call):
    sums = dict.fromkeys(FIELDS, 0)
    sums["calls"] = 1
    read = call.get("cache_read_input_tokens")
    if call["model"] != UNKNOWN_MODEL:
        dollars = (
            INPUT * (call["input_tokens"] - (read or 0))
            + CACHE_READ * (read or 0)
            + OUTPUT * call["output_tokens"]
        ) / 10**6
        sums["priced_calls"], sums["cost"] = 1, int(dollars * 10**15)
        assert Fraction(sums["cost"], 10**15) == dollars
    sums["input_calls"], sums["input"] = 1, call["input_tokens"]
    sums["output_calls"], sums["output"] = 1, call["output_tokens"]
    if read is not None:
        sums["cache_calls"], sums["cacheable"], sums["cache_read"] = 1, call["input_tokens"], read
    sums["errors"] = int(call.get("status") == "error")
    score = call["tags"].get("score")
    if score is not None:
        sums["scored_calls"], sums["score"] = 1, int(Fraction(str(score)) * 10**9)
    return [sums[name] for name in FIELDS]


def metrics(sums):
    """Every figure in billionths of its unit, or None."""
    of = lambda name: sums[INDEX[name]]
    ratio = lambda part, whole: half_even(Fraction(part, whole)) if whole > 0 else None
    return {
        "cost_per_call": ratio(of("cost"), of("priced_calls") * 10**6),
        "cost_per_conversation": ratio(
            of("conversation_cost"), of("priced_conversations") * 10**6
        ),
        "input_tokens_per_call": ratio(of("input") * 10**9, of("input_calls")),
        "output_tokens_per_call": ratio(of("output") * 10**9, of("output_calls")),
        "cache_read_share": ratio(of("cache_read") * 10**9, of("cacheable")),
        "error_share": ratio(of("errors") * 10**9, of("calls")),
        "score": ratio(of("score"), of("scored_calls")),
    }


COUNTED = {
    "cost_per_call": "priced_calls",
    "cost_per_conversation": "calls",
    "input_tokens_per_call": "input_calls",
    "output_tokens_per_call": "output_calls",
    "cache_read_share": "cache_calls",
    "error_share": "calls",
    "score": "scored_calls",
}


def counted(metric, sums):
    if metric == "cost_per_conversation" and not sums[INDEX["priced_conversations"]]:
        return 0
    return sums[INDEX[COUNTED[metric]]]


def add(rows):
    return [sum(column) for column in zip(*rows)]


def units_by_arm(calls):
    arms = {}
    for call in calls:
        arm = call["tags"].get("variant")
        if arm is not None:
            arms.setdefault(arm, {}).setdefault(call["conversation_id"], []).append(sums_of(call))
    found = {}
    for arm, conversations in arms.items():
        units = []
        for rows in conversations.values():
            unit = add(rows)
            if unit[INDEX["priced_calls"]] == unit[INDEX["calls"]]:
                unit[INDEX["priced_conversations"]] = 1
                unit[INDEX["conversation_cost"]] = unit[INDEX["cost"]]
            units.append(unit)
        found[arm] = sorted(units)
    return found


def resamples(units_by_name):
    """Arms by name, the seeds of an arm's resamples drawn one after another."""
    master = Generator(SEED)
    found = {}
    for name in sorted(units_by_name, key=str.encode):
        units = units_by_name[name]
        seeds = [master.draw() for _ in range(RESAMPLES)]
        rows = []
        for seed in seeds:
            generator = Generator(seed)
            drawn = [units[generator.draw() % len(units)] for _ in units]
            rows.append(metrics(add(drawn)))
        found[name] = rows
    return found


def ends(values):
    if any(value is None for value in values):
        return None
    values = sorted(values)
    return values[TAIL - 1], values[len(values) - TAIL]


def relative(before, after):
    if before is None or after is None or before <= 0:
        return None
    return half_even(Fraction((after - before) * 10**9, before))


def compare(path):
    calls = [json.loads(line) for line in path.read_text().splitlines() if line]
    units = units_by_arm(calls)
    sums = {name: add(rows) for name, rows in units.items()}
    control = min(sums, key=lambda name: (-sums[name][0], name.encode()))
    drawn = resamples(units)
    differences = []
    for name in sorted((name for name in units if name != control), key=str.encode):
        before, after = metrics(sums[control]), metrics(sums[name])
        for metric in COUNTED:
            row = judged(metric, name, control, units, sums, drawn, before, after)
            if row is not None:
                differences.append(row)
    return {
        "control": control,
        "arms": {
            name: {"calls": sums[name][0], "conversations": len(units[name])}
            | {metric: decimal(value) for metric, value in metrics(sums[name]).items()}
            for name in sorted(units)
        },
        "differences": differences,
    }


def judged(metric, name, control, units, sums, drawn, before, after):
    before, after = before[metric], after[metric]
    if before is None and after is None:
        return None
    row = {"arm": name, "metric": metric, "low": None, "high": None}
    row |= {"relative_low": None, "relative_high": None}
    both = [control, name]
    unpriced = lambda arm: sums[arm][0] - sums[arm][INDEX["priced_calls"]]
    if before is None or after is None:
        return row | {"verdict": "not_judged"}
    if "cost" in metric and any(unpriced(arm) * 20 > sums[arm][0] for arm in both):
        return row | {"verdict": "not_judged"}
    calls = min(counted(metric, sums[arm]) for arm in both)
    conversations = min(sum(1 for unit in units[arm] if counted(metric, unit)) for arm in both)
    if calls < FEWEST_CALLS or conversations < FEWEST_CONVERSATIONS:
        return row | {"verdict": "too_small_to_tell"}
    pairs = [(one[metric], two[metric]) for one, two in zip(drawn[control], drawn[name])]
    known = lambda pair: None not in pair
    absolute = ends([pair[1] - pair[0] if known(pair) else None for pair in pairs])
    parts = ends([relative(*pair) for pair in pairs])
    if absolute is None:
        return row | {"verdict": "not_judged"}
    low, high = absolute
    row |= {"low": decimal(low), "high": decimal(high)}
    if parts is not None and relative(before, after) is not None:
        row |= {"relative_low": decimal(parts[0]), "relative_high": decimal(parts[1])}
    verdict = "higher" if low > 0 else "lower" if high < 0 else "no_difference_seen"
    return row | {"verdict": verdict}


def decimal(billionths):
    """Billionths as the shortest plain decimal."""
    if billionths is None:
        return None
    sign, digits = "-" * (billionths < 0), f"{abs(billionths):010}"
    return f"{sign}{digits[:-9]}.{digits[-9:]}".rstrip("0").rstrip(".")


# The planted logs.


def log(name, arms):
    """Writes a log of conversations that alternate between arms."""
    generator = Generator(sum(name.encode()))
    below = lambda bound: generator.draw() % bound
    lines, minute = [], 0
    for number in range(max(arm["conversations"] for arm in arms)):
        for arm in arms:
            if number >= arm["conversations"]:
                continue
            base = 220 + below(60)
            for turn in range(1 + below(5)):
                lines.append(call(arm, number, turn, minute, base, below))
                minute += 3
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    (folder / "log.jsonl").write_text(text)


def call(arm, number, turn, minute, base, below):
    """A call of a conversation: prompts grow, answers vary about the base."""
    name = arm["name"]
    record = {
        "timestamp": f"2026-05-{4 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00Z",
        "request_id": f"{name}-{number}-{turn}",
        "conversation_id": f"{name}-{number}",
        "model": arm.get("model", "planted-1"),
        "provider": "planted",
        "feature": "support" if below(3) else "search",
        "input_tokens": 1200 + 400 * turn + below(300),
        "cache_read_input_tokens": 1024 if turn and below(4) else 0,
        "output_tokens": (base + below(60)) * arm.get("output_percent", 100) // 100,
        "tags": {"variant": name},
    }
    if below(25) == 0:
        record["status"] = "error"
    if below(2):
        record["tags"]["score"] = (70 + below(20) + arm.get("better", 0)) / 100
    return record


def plant():
    log("same", [{"name": "a", "conversations": 60}, {"name": "b", "conversations": 60}])
    log(
        "longer-answers",
        [
            {"name": "control", "conversations": 80},
            {"name": "verbose", "conversations": 80, "output_percent": 120, "better": 5},
        ],
    )
    log(
        "small",
        [
            {"name": "old", "conversations": 40},
            {"name": "new", "conversations": 6, "output_percent": 150},
            {"name": "in-house", "conversations": 20, "model": UNKNOWN_MODEL},
        ],
    )


def main():
    if sys.argv[1:] == ["plant"]:
        plant()
        return
    for path in sorted(FOLDER.glob("*/log.jsonl")):
        text = json.dumps(compare(path), indent=1) + "\n"
        (path.parent / "expected.json").write_text(text)


main()
