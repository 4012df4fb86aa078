"""An independent judge of budgets: every measure, every slice, every verdict.

    python3 tests/oracle/check.py plant     # the logs and rules under fixtures/check
    python3 tests/oracle/check.py           # expected.json beside them

Works from docs/check.md, docs/check-codes.md, docs/configuration.md and
docs/formats/canonical.md alone: exact fractions, no line of the product. It
reads canonical JSON lines and one price per model, which is all that these
logs have. CHOICES lists what those pages leave open.
"""

import json
import math
import sys
from collections import defaultdict
from datetime import datetime
from fractions import Fraction
from pathlib import Path

FOLDER = Path("fixtures/check")

CHOICES = """
- The sample of a rate is the calls that it is made of: those that report the
  count, have a price, name a user. Of tokens per call it is the smaller one of
  input's and output's, and the measure is the sum of both means.
- A call that failed without usage costs nothing: it is neither with nor
  without a price, and its user is known to cost nothing by it.
- A call that says nothing of its end did not fail, in a log that says it of
  others.
- A call that reports input or output alone is priced in part.
- A month is projected with the days of the whole log, whatever the slice.
- What the dearest user or conversation costs is a sum: its sample is the slice.
- The models of one user are not held against those of the baseline.
- A `min` on a sum is held like a `max` that is not proven to be over.
- A change of a sum is believed only where both sides are.
- A rise from nothing is more than every percentage of it.
"""

# Dollars per million tokens: input, cache read, output; and the class.
PRICES = {
    "grand-1": (Fraction(3), Fraction(3, 10), Fraction(15), "premium"),
    "middle-1": (Fraction(1), Fraction(1, 10), Fraction(4), "standard"),
    "tiny-1": (Fraction(1, 10), Fraction(1, 50), Fraction(2, 5), "economy"),
    "plain-1": (Fraction(1, 2), Fraction(1, 2), Fraction(1), None),
}
MILLION = 1_000_000
MINIMUM_CALLS = 30
UNPRICED_SHARE = Fraction(5, 100)

# How a measure behaves: a sum of dollars, another count, or a rate.
SUMS = ("monthly_cost", "cost", "highest_user_cost", "highest_conversation_cost")
COUNTS = ("calls", "unpriced_calls")
DOLLAR_RATES = (
    "cost_per_call", "cost_per_1000_calls", "cost_per_user", "cost_per_conversation",
    "cost_per_call_p95",
)  # fmt: skip
RATES = (
    *DOLLAR_RATES, "output_tokens_per_call", "output_tokens_p95", "input_tokens_per_call",
    "input_tokens_p95", "tokens_per_call", "cache_read_share", "premium_share",
    "error_share", "unpriced_share", "latency_p95_milliseconds",
)  # fmt: skip
MEASURES = (*SUMS, *COUNTS, *RATES, "model_mix_shift")


# --- reading -------------------------------------------------------------


def read(path):
    """The calls of a log; of equal ids the one with the larger total stays."""
    calls, seen = [], {}
    for line in path.read_text().splitlines():
        call = json.loads(line)
        if (request := call.get("request_id")) in seen:
            continue
        seen[request] = True
        calls.append(call)
    return calls


def free(call):
    """A call that failed without usage costs nothing, on any model."""
    return call.get("status") == "error" and call.get("input_tokens") is None and call.get("output_tokens") is None


def cost(call):
    """Exact dollars of what is logged, or None where the model has no price."""
    if free(call) or call["model"] not in PRICES:
        return None
    rate_input, rate_read, rate_output, _ = PRICES[call["model"]]
    prompt, output = call.get("input_tokens", 0), call.get("output_tokens", 0)
    read_tokens = call.get("cache_read_input_tokens", 0)
    fresh = (prompt - read_tokens) * rate_input
    return (fresh + read_tokens * rate_read + output * rate_output) / MILLION


def unpriced(calls):
    """Of the calls that are not free, which have no price: 1 or 0 each."""
    return [int(cost(c) is None) for c in calls if not free(c)]


def short(calls):
    """Of the calls that are not free, whose dollars are not all known."""
    whole = [c.get("input_tokens") is not None and c.get("output_tokens") is not None for c in calls]
    return [int(cost(c) is None or not w) for c, w in zip(calls, whole) if not free(c)]


def days(calls):
    times = [datetime.fromisoformat(c["timestamp"]) for c in calls if c.get("timestamp")]
    span = max(times) - min(times)
    return Fraction(span.days * 86_400_000 + span.seconds * 1000 + span.microseconds // 1000, 86_400_000)


# --- measures ------------------------------------------------------------


class Figure:
    """A value with the sample behind it; a value of None is not known."""

    def __init__(self, value, sample):
        self.value, self.sample = value, sample


def percentile(values):
    values = sorted(values)
    return Figure(values[math.ceil(Fraction(95, 100) * len(values)) - 1] if values else None, len(values))


def mean(values):
    return Figure(Fraction(sum(values), len(values)) if values else None, len(values))


def by_key(calls, key):
    """Dollars of each whose cost is known, and how many calls have a price."""
    sums, sample = defaultdict(Fraction), 0
    for call in calls:
        dollars = Fraction(0) if free(call) else cost(call)
        if call.get(key) is not None and dollars is not None:
            sums[call[key]] += dollars
            sample += not free(call)
    return sums, sample


def keyed(calls, key, highest):
    sums, sample = by_key(calls, key)
    if not sums:
        return Figure(None, 0)
    if highest:
        return Figure(max(sums.values()), len(calls))
    return Figure(Fraction(sum(sums.values()), len(sums)), sample)


def reported(calls, *names):
    return [sum(c[n] for n in names) for c in calls if all(c.get(n) is not None for n in names)]


def shown_as(unit, value):
    """Dollars to a billionth, everything else to a millionth, halves up."""
    places = 10**9 if unit == "usd" else 10**6
    return Fraction(math.floor(value * places + Fraction(1, 2)), places)


def measure(name, calls, length, baseline=None):
    """One measure, as it is shown and judged."""
    figure = exact(name, calls, length, baseline)
    if figure.value is not None:
        figure.value = shown_as("usd" if name in SUMS + DOLLAR_RATES else name, figure.value)
    return figure


def exact(name, calls, length, baseline):
    """One measure of a slice; `length` is the days of the whole log."""
    costs = [dollars for c in calls if (dollars := cost(c)) is not None]
    known = costs or any(free(c) for c in calls)
    total = sum(costs, Fraction(0)) if known else None
    classes = [PRICES[c["model"]][3] for c in calls if c["model"] in PRICES and PRICES[c["model"]][3]]
    reads = [c for c in calls if c.get("cache_read_input_tokens") is not None and c.get("input_tokens") is not None]
    match name:
        case "cost":
            return Figure(total, len(calls))
        case "monthly_cost":
            projected = total * 30 / length if total is not None and length >= 1 else total
            return Figure(projected, len(calls))
        case "cost_per_call":
            return mean(costs)
        case "cost_per_1000_calls":
            return Figure(mean(costs).value * 1000 if costs else None, len(costs))
        case "cost_per_user" | "highest_user_cost":
            return keyed(calls, "user", name.startswith("highest"))
        case "cost_per_conversation" | "highest_conversation_cost":
            return keyed(calls, "conversation_id", name.startswith("highest"))
        case "cost_per_call_p95":
            return percentile(costs)
        case "output_tokens_per_call":
            return mean(reported(calls, "output_tokens"))
        case "output_tokens_p95":
            return percentile(reported(calls, "output_tokens"))
        case "input_tokens_per_call":
            return mean(reported(calls, "input_tokens"))
        case "input_tokens_p95":
            return percentile(reported(calls, "input_tokens"))
        case "tokens_per_call":
            parts = [mean(reported(calls, f"{side}_tokens")) for side in ("input", "output")]
            if any(part.value is None for part in parts):
                return Figure(None, 0)
            return Figure(sum(shown_as("tokens", p.value) for p in parts), min(p.sample for p in parts))
        case "latency_p95_milliseconds":
            return percentile(reported(calls, "latency_ms"))
        case "cache_read_share":
            prompt = sum(c["input_tokens"] for c in reads)
            part = sum(c["cache_read_input_tokens"] for c in reads)
            return Figure(Fraction(part, prompt) if prompt else None, len(reads))
        case "premium_share":
            return mean([int(found == "premium") for found in classes])
        case "error_share":
            return mean([int(c.get("status") == "error") for c in calls])
        case "unpriced_calls":
            return Figure(sum(unpriced(calls)), len(calls))
        case "unpriced_share":
            return Figure(mean(unpriced(calls)).value, len(calls))
        case "calls":
            return Figure(len(calls), len(calls))
        case "model_mix_shift":
            return shift(calls, baseline)
    raise ValueError(name)


def shift(calls, baseline):
    if not calls or not baseline:
        return Figure(None, 0)
    shares = [defaultdict(Fraction), defaultdict(Fraction)]
    for side, log in zip(shares, (calls, baseline)):
        for call in log:
            side[call["model"]] += Fraction(1, len(log))
    models = set(shares[0]) | set(shares[1])
    total = sum(abs(shares[0][m] - shares[1][m]) for m in models) / 2
    return Figure(total, min(len(calls), len(baseline)))


# --- slices --------------------------------------------------------------


def fits(pattern, value):
    """`*` any text, `?` one character, commas are or."""

    def one(pattern, text):
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(one(pattern[1:], text[k:]) for k in range(len(text) + 1))
        return bool(text) and pattern[0] in ("?", text[0]) and one(pattern[1:], text[1:])

    return any(one(choice, value or "") for choice in pattern.split(","))


FIELDS = {"feature": "feature", "model": "model", "user": "user", "conversation": "conversation_id"}


def passes(call, filters):
    for text in filters:
        field, pattern = text.split("=", 1)
        negated = field.endswith("!")
        field = field.rstrip("!")
        value = call.get("tags", {}).get(field[4:]) if field.startswith("tag.") else call.get(FIELDS.get(field, field))
        if fits(pattern, value) == negated:
            return False
    return True


# --- verdicts ------------------------------------------------------------


def tokens(calls):
    return sum((c.get("input_tokens") or 0) + (c.get("output_tokens") or 0) for c in calls)


def believed(calls):
    """Whether few enough calls of the slice are without their whole price, and few
    enough of its tokens without any."""
    if short(calls) and shown_as("share", mean(short(calls)).value) > UNPRICED_SHARE:
        return False
    without = tokens([c for c in calls if not free(c) and cost(c) is None])
    return not tokens(calls) or shown_as("share", Fraction(without, tokens(calls))) <= UNPRICED_SHARE


def judge(rule, log, baseline, calls, before):
    """The status and the measured value of one rule on one slice."""
    name, minimum = rule["measure"], rule.get("minimum_calls", MINIMUM_CALLS)
    compares = "increase" in rule or "decrease" in rule
    length = days(log)
    if compares and name == "monthly_cost" and min(length, days(baseline)) < 1:
        length = Fraction(0)
    now = measure(name, calls, length, before)
    if now.value is None or (name == "model_mix_shift" and rule.get("per") == "user"):
        return "not_judged", None
    if compares:
        return change(rule, now, calls, before, days(baseline) if length >= 1 else Fraction(0))
    if name in RATES + ("model_mix_shift",) and now.sample < minimum:
        return "not_judged", now.value
    limit = rule.get("max", rule.get("min"))
    over = now.value > limit if "max" in rule else now.value < limit
    if name in DOLLAR_RATES and not believed(calls):
        return "not_judged", now.value
    proven = over and "max" in rule
    if name in SUMS and not proven and not believed(calls):
        return "not_judged", now.value
    if over:
        return "over", now.value
    if (part := rule.get("warn_at")) is not None:
        near = now.value > part * limit if "max" in rule else limit > part * now.value
        if near:
            return "near", now.value
    return "within", now.value


def change(rule, now, calls, before, length):
    name, minimum = rule["measure"], rule.get("minimum_calls", MINIMUM_CALLS)
    then = measure(name, before, length) if before else Figure(None, 0)
    if then.value is None or min(now.sample, then.sample) < minimum:
        return "not_judged", now.value
    if name in SUMS + DOLLAR_RATES and not (believed(calls) and believed(before)):
        return "not_judged", now.value
    risen = now.value - then.value
    if "decrease" in rule:
        risen = -risen
    bound = rule.get("increase", rule.get("decrease"))
    allowed = bound["part"] * then.value if "part" in bound else bound["amount"]
    over = risen > allowed and risen > rule.get("min_change", 0)
    return ("over" if over else "within"), now.value


def slices(rule, log, baseline):
    """The slices of a rule: what it is of, its calls, its baseline's. Calls of
    nobody are the calls of no user, and no calls to judge."""
    filters = rule.get("where", [])
    chosen = [c for c in log if passes(c, filters)]
    chosen_before = [c for c in baseline if passes(c, filters)]
    if not (per := rule.get("per")):
        yield None, chosen, chosen_before
        return
    key = FIELDS[per]
    if per == "user" and any(c.get(key) is None for c in chosen):
        yield "", None, None
    for value in sorted({c[key] for c in chosen if c.get(key) is not None}):
        yield (
            value,
            [c for c in chosen if c.get(key) == value],
            [c for c in chosen_before if c.get(key) == value],
        )


def verdicts(rules, log, baseline):
    for rule in rules:
        found = list(slices(rule, log, baseline))
        if not found:
            yield {"rule": rule["name"], "of": None, "status": "not_judged", "value": None}
        for key, calls, before in found:
            nobody = calls is None
            status, value = ("not_judged", None) if nobody else judge(rule, log, baseline, calls, before)
            yield {"rule": rule["name"], "of": key, "status": status, "value": value}


# --- planted logs --------------------------------------------------------


class Draws:
    """A linear congruential generator: the same logs on every machine."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % bound


def plant(name, seed, count, hours, weights):
    """`weights` says how often each model is called, in twentieths."""
    draws, lines = Draws(seed), []
    choices = [model for model, weight in weights for _ in range(weight)]
    for number in range(count):
        second = number * hours * 3600 // (count - 1)
        stamp = f"2026-06-{1 + second // 86400:02}T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        feature = ("chat", "digest", "support-mail", "support-phone")[draws.below(4)]
        if number % 40 == 7:
            feature = "rare"
        prompt = 200 + draws.below(9000)
        call = {
            "timestamp": stamp,
            "request_id": f"{name}-{number}",
            "model": choices[draws.below(len(choices))],
            "provider": "planted",
            "feature": feature,
            "input_tokens": prompt,
            "cache_read_input_tokens": draws.below(prompt) if draws.below(3) else 0,
            "output_tokens": 5 + draws.below(1200),
            "status": "success" if draws.below(12) else "error",
            "latency_ms": 150 + draws.below(20_000),
            "tags": {"environment": "test" if draws.below(5) == 0 else "live"},
        }
        if draws.below(10):
            call["user"] = f"user-{draws.below(9) * draws.below(3)}"
        if draws.below(4):
            call["conversation_id"] = f"{name}-talk-{number // 9}"
        if feature == "rare":
            call["model"] = "unheard-1" if number % 80 == 7 else "tiny-1"
        if feature == "digest" and call["model"] == "unheard-1":
            call["model"] = "plain-1"
        if draws.below(25) == 0:
            del call["cache_read_input_tokens"]
        if draws.below(30) == 0:
            del call["latency_ms"]
        if draws.below(20) == 0:
            del call["status"]
        if call.get("status") == "error" and draws.below(2):
            for field in ("input_tokens", "output_tokens", "cache_read_input_tokens"):
                call.pop(field, None)
        elif feature == "support-mail" and draws.below(40) == 0:
            del call["output_tokens"]
        lines.append(json.dumps(call, separators=(",", ":")))
        if draws.below(50) == 0:
            lines.append(lines[-1])
    return "".join(f"{line}\n" for line in lines)


LOGS = {
    "main": ("main", 11, 420, 100, (("grand-1", 6), ("middle-1", 7), ("tiny-1", 5), ("plain-1", 1), ("unheard-1", 1))),
    "before": ("before", 5, 360, 120, (("grand-1", 4), ("middle-1", 9), ("tiny-1", 5), ("plain-1", 2))),
    "short": ("short", 8, 60, 20, (("grand-1", 5), ("middle-1", 9), ("unheard-1", 6))),
}


def price_file():
    text = "# Prices of models that do not exist, for the planted checks here.\n\n[defaults]\ntokenizer = \"o200k_base\"\n"
    for model, (prompt, read_rate, output, tier) in PRICES.items():
        text += f'\n[[model]]\nid = "{model}"\nprovider = "planted"\n'
        text += f'tier = "{tier}"\n' if tier else ""
        text += "\n[[model.price]]\n"
        for key, rate in (("input", prompt), ("cache_read", read_rate), ("output", output)):
            text += f'{key} = "{decimal(rate)}"\n'
    return text


def decimal(value, places=12):
    """A terminating decimal, written out; others are cut towards zero."""
    whole, rest = divmod(int(abs(value) * 10**places), 10**places)
    text = f"{whole}.{rest:0{places}}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 and text != "0" else text


SLICES = (
    ("all", {}),
    ("chat", {"where": ["feature=chat"]}),
    ("rare", {"where": ["feature=rare"]}),
    ("support", {"where": ["feature=support-*"]}),
    ("grand live", {"where": ["model=grand-?", "tag.environment=live"]}),
    ("nobody", {"where": ["user="]}),
    ("failed", {"where": ["status=error"]}),
    ("others", {"where": ["model!=grand-1,middle-1"]}),
    ("each feature", {"per": "feature"}),
    ("each model", {"per": "model"}),
    ("each user", {"per": "user"}),
    ("each user of chat", {"per": "user", "where": ["feature=chat,digest"]}),
)


def limits(name, calls, before, length, before_length):
    """Limits around the truth, so that every verdict comes up."""
    found = measure(name, calls, length, before).value
    found = Fraction(found) if found is not None else Fraction(1)
    step = found / 1000 if found else Fraction(1, 1000)
    low, high = (Fraction(decimal(found + way * step, 9)) for way in (-1, 1))
    yield "max below", {"max": max(low, Fraction(0))}
    yield "max above", {"max": high, "warn_at": Fraction(1, 2)}
    yield "max far above", {"max": 4 * high, "warn_at": Fraction(1, 2)}
    yield "min above", {"min": high}
    yield "min below", {"min": max(low, Fraction(0)), "warn_at": Fraction(9, 10)}
    if name == "model_mix_shift":
        return
    then = measure(name, before, before_length).value if before else None
    if not then:
        return
    part = Fraction(decimal(abs(found - then) / then * Fraction(9, 10), 6))
    part = part or Fraction(1, 100)
    yield "increase", {"increase": {"part": part}}
    # Nothing falls by more than all of it.
    yield "decrease", {"decrease": {"part": min(part, Fraction(1))}}
    amount = Fraction(decimal(abs(found - then) * Fraction(9, 10), 9)) or step
    yield "increase amount", {"increase": {"amount": amount}}
    yield "increase slack", {"increase": {"part": part}, "min_change": Fraction(decimal(abs(found - then) * 2, 9)) or step}


def capped(key, value):
    """No limit of a share is more than all of it."""
    if isinstance(value, dict):
        return {inner: min(part, Fraction(1)) if inner == "amount" else part for inner, part in value.items()}
    return min(value, Fraction(1)) if key in ("max", "min", "min_change") else value


SHARES = ("cache_read_share", "premium_share", "error_share", "unpriced_share", "model_mix_shift")


def table_of_rules(log, baseline):
    rules = []
    length, before_length = days(log), days(baseline)
    for slice_name, part in SLICES:
        calls = [c for c in log if passes(c, part.get("where", []))]
        before = [c for c in baseline if passes(c, part.get("where", []))]
        for name in MEASURES:
            for kind, limit in limits(name, calls, before, length, before_length):
                if name in SHARES:
                    limit = {key: capped(key, value) for key, value in limit.items()}
                if "per" in part and kind not in ("max below", "increase"):
                    continue
                rules.append({"name": f"{slice_name}: {name} {kind}", "measure": name, **part, **limit})
    return rules


def settings(rules):
    text = "# Written by tests/oracle/check.py.\n\n[budget]\n"
    quoted = json.dumps
    for rule in rules:
        text += f"\n[[budget.rule]]\nname = {quoted(rule['name'])}\nmeasure = {quoted(rule['measure'])}\n"
        for key, value in rule.items():
            match key:
                case "where":
                    text += f"where = {quoted(value)}\n"
                case "per":
                    text += f"per = {quoted(value)}\n"
                case "max" | "min" | "min_change":
                    text += f"{key} = {decimal(value)}\n"
                case "warn_at":
                    text += f'warn_at = "{decimal(value * 100)}%"\n'
                case "increase" | "decrease":
                    text += f'{key} = "{decimal(value["part"] * 100)}%"\n' if "part" in value else f"{key} = {decimal(value['amount'])}\n"
    return text


def shown(verdict):
    value = verdict["value"]
    return verdict | {"value": None if value is None else decimal(Fraction(value), 9)}


def main(arguments):
    FOLDER.mkdir(parents=True, exist_ok=True)
    if arguments == ["plant"]:
        for name, parts in LOGS.items():
            (FOLDER / f"{name}.jsonl").write_text(plant(*parts))
        (FOLDER / "prices.toml").write_text(price_file())
    logs = {name: read(FOLDER / f"{name}.jsonl") for name in LOGS}
    for name in ("main", "short"):
        rules = table_of_rules(logs[name], logs["before"])
        if name == "short":
            rules = [r for r in rules if "where" not in r and r.get("per") != "user"]
        if arguments == ["plant"]:
            (FOLDER / f"{name}.toml").write_text(settings(rules))
            continue
        found = [shown(v) for v in verdicts(rules, logs[name], logs["before"])]
        lines = ",\n".join(json.dumps(v, separators=(",", ":")) for v in found)
        (FOLDER / f"{name}.expected.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(sys.argv[1:])
