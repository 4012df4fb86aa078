"""What `tokopt diff` must say of generated pairs, by fractions.

Independent of the program: it works from the definition in docs/diff.md, with
exact fractions; what a cell costs after a step is rounded once, to nano-dollars. Run it to write fixtures/difference/pairs.json anew:

    python3 tests/oracle/difference.py
"""

import json
import pathlib
import random
from collections import defaultdict
from fractions import Fraction

INPUT_PARTS = [
    "tool_definitions", "system_prompt", "few_shot", "history",
    "retrieved_context", "user_input", "images_and_files", "unattributed",
]
OUTPUT_PARTS = ["output_text", "output_reasoning"]
INPUT_KINDS = ["uncached_input", "cache_read", "cache_write"]
NANO = 10**9


def rounded(amount):
    """To whole nano-dollars, half to even."""
    return Fraction(round(amount * NANO), NANO)


def total_of(amounts):
    """A bill: the sum of what its cells cost, each rounded."""
    return sum((rounded(amount) for amount in amounts), Fraction(0))


# ---- generation ------------------------------------------------------------


def cell(rng, key, priced, counted, by_component):
    feature, model, provider, tier = key
    calls = rng.randint(1, 5000)
    unpriced = calls if not priced else rng.choice([0, 0, 0, rng.randint(0, calls - 1)])
    tokens = {
        "uncached_input": rng.randint(0, 4_000_000),
        "cache_read": rng.choice([0, rng.randint(1, 9_000_000)]),
        "cache_write": rng.choice([0, 0, rng.randint(1, 900_000)]),
        "output": rng.choice([0, rng.randint(1, 800_000), rng.randint(1, 800_000)]),
        "fees": 0,
    }
    kinds = []
    for kind, count in tokens.items():
        nano = rng.randint(1, 10_000) * count if count else 0
        if kind == "fees":
            nano = rng.choice([0, 0, rng.randint(1, 10**8)])
        if count or nano:
            kinds.append({"kind": kind, "tokens": count, "cost": nano})
    components = []
    if by_component:
        left = sum(tokens[kind] for kind in INPUT_KINDS)
        for part in INPUT_PARTS[:-1]:
            take = rng.choice([0, rng.randint(0, left)])
            left -= take
            if take:
                components.append({"component": part, "tokens": take})
        if left:
            components.append({"component": "unattributed", "tokens": left})
        reasoning = rng.randint(0, tokens["output"])
        if tokens["output"] - reasoning:
            components.append({"component": "output_text", "tokens": tokens["output"] - reasoning})
        if reasoning:
            components.append({"component": "output_reasoning", "tokens": reasoning})
    return {
        "feature": feature, "model": model, "provider": provider, "tier": tier,
        "calls": calls if counted else None,
        "unpriced_calls": unpriced,
        "cost": sum(kind["cost"] for kind in kinds) if priced else None,
        "kinds": kinds if priced else [],
        "components": components,
    }


def side(rng, keys, uncounted, components):
    cells = []
    for key in keys:
        if rng.random() < 0.75:
            priced = rng.random() < 0.93
            counted = key[0] not in uncounted or rng.random() < 0.5
            cells.append(cell(rng, key, priced, counted, rng.random() < components))
    return cells


def pair(rng):
    features = [f"feature {n}" for n in range(rng.randint(1, 6))]
    models = [f"model-{n}" for n in range(rng.randint(1, 3))]
    places = [("openai", "standard"), ("openai", "batch"), ("azure", "standard")][: rng.randint(1, 3)]
    keys = [
        (feature, model, provider, tier)
        for feature in features for model in models for provider, tier in places
        if rng.random() < 0.7
    ]
    uncounted = {feature for feature in features if rng.random() < 0.12}
    components = rng.choice([0, 0.8, 1])
    return side(rng, keys, uncounted, components), side(rng, keys, uncounted, components)


# ---- the definition --------------------------------------------------------


def key(row):
    return row["feature"], row["model"], row["provider"], row["tier"]


def calls(row):
    """Priced calls; None where they are not counted, or none."""
    if row["calls"] is None or row["calls"] <= row["unpriced_calls"]:
        return None
    return row["calls"] - row["unpriced_calls"]


def kind(row, name):
    for found in row["kinds"]:
        if found["kind"] == name:
            return found["tokens"], Fraction(found["cost"], NANO)
    return 0, Fraction(0)


def cost(row):
    return Fraction(row["cost"], NANO)


def tokens_of(row):
    return sum(kind(row, name)[0] for name in INPUT_KINDS)


def parts(row, by_component):
    if not by_component:
        return {"input": tokens_of(row), "output": kind(row, "output")[0]}
    found = defaultdict(int)
    for component in row["components"]:
        found[component["component"]] = component["tokens"]
    found["unattributed"] = tokens_of(row) - sum(found[part] for part in INPUT_PARTS[:-1])
    found["output_text"] = kind(row, "output")[0] - found["output_reasoning"]
    return found


def bills(before, after):
    """The bill after each step, as (effect, subject, amount)."""
    a = {key(row): row for row in before}
    b = {key(row): row for row in after}
    had, has = {k[0] for k in a}, {k[0] for k in b}
    priced_a = {k for k in a if a[k]["cost"] is not None}
    priced_b = {k for k in b if b[k]["cost"] is not None}
    bill = sum((cost(a[k]) for k in priced_a), Fraction(0))
    yield "before", None, bill

    gone = [f for f in had if f not in has]
    new = [f for f in has if f not in had]
    bill -= sum(cost(a[k]) for k in priced_a if k[0] in gone)
    yield "gone_feature", None, bill
    bill += sum(cost(b[k]) for k in priced_b if k[0] in new)
    yield "new_feature", None, bill

    rest_a = {k for k in priced_a if k[0] in has}
    rest_b = {k for k in priced_b if k[0] in had}
    one_sided = {k for k in rest_a ^ rest_b if k in a and k in b}
    usual_a, usual_b = rest_a - one_sided, rest_b - one_sided
    both = {k[0] for k in usual_a} & {k[0] for k in usual_b}
    kept_a = {k for k in usual_a if k[0] in both}
    kept_b = {k for k in usual_b if k[0] in both}
    bill += sum(cost(b[k]) for k in rest_b - kept_b) - sum(cost(a[k]) for k in rest_a - kept_a)
    yield "coverage", None, bill

    unknown = {k[0] for k in kept_a if calls(a[k]) is None}
    unknown |= {k[0] for k in kept_b if calls(b[k]) is None}
    fixed = bill - sum(cost(a[k]) for k in kept_a)

    # Features whose calls are not counted: by tokens alone.
    loose_a = {k for k in kept_a if k[0] in unknown}
    loose_b = {k for k in kept_b if k[0] in unknown}
    loose_old = sum((cost(a[k]) for k in loose_a), Fraction(0))
    loose_usage = loose_cache = loose_price = Fraction(0)
    for k in loose_b:
        row = b[k]
        if k not in loose_a:
            loose_usage += cost(row)
            loose_cache += cost(row)
        else:
            fees = kind(row, "fees")[1]
            loose_usage += rounded(at_old_rate(a[k], row) + fees)
            loose_cache += rounded(at_old_rates_by_kind(a[k], row) + fees)
        loose_price += cost(row)

    a = {k: a[k] for k in kept_a if k[0] not in unknown}
    b = {k: b[k] for k in kept_b if k[0] not in unknown}
    counted_old = sum((cost(row) for row in a.values()), Fraction(0))
    yield "usage", None, fixed + loose_usage + counted_old
    fixed_usage = fixed + loose_usage
    if not a:
        yield from_the_end(fixed, loose_cache, loose_price)
        return

    def count(rows, *prefix):
        return sum(calls(row) for k, row in rows.items() if k[: len(prefix)] == prefix)

    def still(factor):
        """The old cells, each at its own cost times a factor of its key."""
        return total_of(cost(row) * factor(k) for k, row in a.items())

    yield "volume", None, fixed_usage + still(lambda k: Fraction(count(b), count(a)))
    yield "feature_mix", None, fixed_usage + still(
        lambda k: Fraction(count(b, *k[:1]), count(a, *k[:1]))
    )
    old_models = {k[:2] for k in a}
    entering = sum((cost(row) for k, row in b.items() if k[:2] not in old_models), Fraction(0))
    yield "model_mix", None, fixed_usage + entering + still(
        lambda k: Fraction(count(b, *k[:2]), count(a, *k[:2]))
    )
    entering = sum((cost(row) for k, row in b.items() if k not in a), Fraction(0))
    matched = [k for k in b if k in a]
    ratio = {k: Fraction(calls(b[k]), calls(a[k])) for k in matched}
    yield "tier_mix", None, fixed_usage + entering + still(lambda k: ratio.get(k, 0))
    fees = {k: kind(a[k], "fees")[1] * ratio[k] for k in matched}

    # Tokens per call, part after part, at the mean rate of input or output.
    told = {k: bool(a[k]["components"]) and bool(b[k]["components"]) for k in matched}
    state = {}
    for k in matched:
        old = parts(a[k], told[k])
        state[k] = {part: tokens * ratio[k] for part, tokens in old.items()}
    for part in INPUT_PARTS + ["input"] + OUTPUT_PARTS + ["output"]:
        for k in matched:
            new = parts(b[k], told[k])
            if part in new or part in state[k]:
                state[k][part] = Fraction(new.get(part, 0))
        amounts = []
        for k in matched:
            answer = set(OUTPUT_PARTS + ["output"])
            prompt = sum(t for p, t in state[k].items() if p not in answer)
            written = sum(t for p, t in state[k].items() if p in answer)
            amount = prompt * input_rate(a[k], b[k]) + written * output_rate(a[k], b[k])
            amounts.append(amount + fees[k])
        yield "tokens_per_call", part, fixed_usage + entering + total_of(amounts)

    total = total_of(at_old_rates_by_kind(a[k], b[k]) + fees[k] for k in matched)
    yield "cache_share", None, fixed + loose_cache + entering + total
    total = total_of(
        sum(kind(b[k], name)[1] for name in INPUT_KINDS + ["output"]) + fees[k] for k in matched
    )
    yield "price", None, fixed + loose_price + entering + total
    yield "fees", None, sum((cost(b[k]) for k in b), Fraction(0)) + fixed + loose_price


def from_the_end(fixed, loose_cache, loose_price):
    return "only_usage", (fixed + loose_cache, fixed + loose_price), None


def input_rate(old, new):
    for row in (old, new):
        if tokens_of(row):
            return sum(kind(row, name)[1] for name in INPUT_KINDS) / tokens_of(row)
    return Fraction(0)


def output_rate(old, new):
    for row in (old, new):
        if kind(row, "output")[0]:
            return kind(row, "output")[1] / kind(row, "output")[0]
    return Fraction(0)


def at_old_rate(old, new):
    return tokens_of(new) * input_rate(old, new) + kind(new, "output")[0] * output_rate(old, new)


def at_old_rates_by_kind(old, new):
    total = kind(new, "output")[0] * output_rate(old, new)
    for name in INPUT_KINDS:
        (old_tokens, old_cost), (tokens, new_cost) = kind(old, name), kind(new, name)
        total += old_cost / old_tokens * tokens if old_tokens else new_cost
    return total


def expected(before, after):
    """Changes in nano-dollars that are not nothing."""
    changes, last = [], None
    for effect, subject, bill in bills(before, after):
        if effect == "only_usage":
            for name, amount in zip(["cache_share", "price"], subject):
                changes.append([name, None, int((amount - last) * NANO)])
                last = amount
            continue
        if last is not None:
            changes.append([effect, subject, int((bill - last) * NANO)])
        last = bill
    total = [sum(row["cost"] or 0 for row in rows) for rows in (before, after)]
    assert sum(change for *_, change in changes) == total[1] - total[0]
    return [change for change in changes if change[2]]


def main():
    rng = random.Random(20261122)
    pairs = []
    while len(pairs) < 40:
        before, after = pair(rng)
        if all(any(row["cost"] is not None for row in rows) for rows in (before, after)):
            pairs.append({"before": before, "after": after, "changes": expected(before, after)})
    place = pathlib.Path(__file__).parents[2] / "fixtures" / "difference" / "pairs.json"
    lines = ",\n".join(json.dumps(found, separators=(",", ":")) for found in pairs)
    place.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
