"""Which calls the techniques may touch: rules on logged calls, and repeats.

Typical values of the assumptions stand here."""

import re
from fractions import Fraction

from measuring import DAY, SECOND, quantile
from prices import femto

ROUTED_SHARE = Fraction("0.50")
TUNED_SHARE = Fraction("0.80")
ESCALATED_SHARE = Fraction("0.30")
NEAR_PRECISION = Fraction("0.95")
NEAR_THRESHOLD = Fraction("0.90")
BREVITY = Fraction("0.20")
BREVITY_TOKENS = 20
CHUNK_TOKENS = 5 * 500
LIFETIME_OF_ANSWERS = 3600 * SECOND
ROUTER_TEMPLATE, ROUTER_OUTPUT = 69, 5
EMBEDDING_RATE = femto("0.02")
TRAINING_EXAMPLES, TRAINING_EPOCHS, TRAINING_MONTHS = 5_000, 3, 3
HORIZON_MONTHS = 12


class Profile:
    """What the rules read off logged calls, per feature x model."""

    def __init__(self, calls, prices):
        self.calls, self.prices = calls, prices
        self.start = calls[0].time
        span = calls[-1].time - calls[0].time
        self.days = max(Fraction(1), Fraction(span, DAY))
        groups = {}
        for call in calls:
            groups.setdefault((call.feature, call.model), []).append(call)
        self.routed, self.tuned, self.cap, self.open, self.batched = {}, {}, {}, set(), set()
        for key, group in groups.items():
            self.group(key, group)

    def group(self, key, group):
        model = self.prices[group[0].provider, key[1]]
        outputs = [call.output for call in group]
        stops = [call for call in group if call.finish == "stop" and call.status == "success"]
        errors = sum(call.status != "success" for call in group)
        lengths = sum(call.finish == "length" for call in group)
        plain = not any(call.has_tools for call in group)
        # Routing.
        target = self.lower_tier(model)
        if target and quantile(outputs, "0.95") <= 200 and plain and not any(call.reasoning for call in group) \
                and errors * 20 <= len(group) and lengths * 20 <= len(group):
            self.routed[key] = target
        # Output.
        ended = [call.output for call in stops]
        if len(ended) >= 100:
            self.cap[key] = -(-11 * quantile(ended, "0.99") // 10)
        answers = [call.answer for call in stops]
        distinct = len(set(answers))
        if ended and (distinct > 50 or distinct * 2 > len(answers)) and quantile(ended, "0.5") >= 50 \
                and not all(call.is_json for call in stops):
            self.open.add(key)
        # Batch.
        if self.is_async(group):
            self.batched.add(key)
        # Tuning.
        distinct = len({call.answer for call in group})
        heads = {}
        for call in group:
            heads[call.head] = heads.get(call.head, 0) + 1
        tunable = self.tunable(model)
        if tunable and len(group) >= 10 and distinct <= 50 and quantile(outputs, "0.95") <= 300 and plain \
                and max(heads.values()) * 5 >= len(group) * 4:
            base, tuned = tunable
            tokens = sum(call.input + call.output for call in group)
            training = Fraction(TRAINING_EXAMPLES * TRAINING_EPOCHS * tokens, len(group)) * femto(base.tuning["training"])
            self.tuned[key] = (tuned, training / TRAINING_MONTHS * self.days / 30)

    def lower_tier(self, model):
        tiers = ["economy", "standard", "premium"]
        if model.tier not in tiers:
            return None
        for tier in reversed(tiers[:tiers.index(model.tier)]):
            sold = [other for other in self.prices.values() if other.provider == model.provider and other.tier == tier]
            if sold:
                return min(sold, key=lambda other: (other.input, other.output, other.id))
        return None

    def tunable(self, model):
        sold = [(base, self.prices[base.provider, base.tuning["tuned_id"]]) for base in self.prices.values()
                if base.provider == model.provider and base.tuning]
        return min(sold, key=lambda pair: (pair[1].input, pair[1].output, pair[1].id)) if sold else None

    def is_async(self, group):
        if any(call.stream or not call.single_turn for call in group):
            return False
        if any(call.lane == "batch" for call in group):
            return False
        slots = {}
        for call in group:
            slots.setdefault(call.time % DAY // (1800 * SECOND), []).append(call.time // DAY)
        for slot in range(48):
            for wide in ([slot], [slot, (slot + 1) % 48]):
                days = [day for one in wide for day in slots.get(one, [])]
                if len(days) * 5 >= len(group) * 4 and len(set(days)) >= 3:
                    return True
        times = [call.time for call in group if call.user is None]
        burst = set()
        for first in range(len(times)):
            last = first
            while last + 1 < len(times) and times[last + 1] - times[first] <= 60 * SECOND:
                last += 1
            if last - first + 1 >= 50:
                burst.update(range(first, last + 1))
        return len(burst) * 5 >= len(group) * 4


def word_set(text):
    return frozenset(re.findall(r"[0-9a-z]+", text.lower()))


def numbers(text):
    return tuple(sorted(word for word in re.findall(r"[0-9a-z]+", text.lower()) if any(map(str.isdigit, word))))


def deduplicated(calls, near):
    """The calls that are left, the near hits, and the calls a near lookup would embed."""
    kept, hits, looked_up, exact, similar = [], [], [], {}, {}

    def serves(source, call):
        age = call.time - source.time
        return 0 < age <= LIFETIME_OF_ANSWERS and source.time + source.latency <= call.time \
            and source.status == "success" and source.finish != "length"

    for call in calls:
        if call.temperature not in (None, 0, 0.0):
            kept.append(call)
            continue
        scope = (call.family, call.workspace, call.provider, call.model, call.parameters)
        key = (scope, tuple((block.kind, block.assistant, block.text, block.ends_message) for block in call.blocks))
        if any(serves(source, call) for source in exact.get(key, ())):
            continue
        alike = None
        if call.single_turn and not call.has_tools and call.last_user is not None:
            looked_up.append(call)
            alike = (scope, call.head, tuple(block.text for block in call.documents), numbers(call.last_user.text))
            mine = word_set(call.last_user.text)
            if near:
                found = False
                for source in similar.get(alike, ()):
                    other = word_set(source.last_user.text)
                    if serves(source, call) and len(mine & other) >= NEAR_THRESHOLD * len(mine | other):
                        found = True
                if found:
                    hits.append(call)
                    continue
        kept.append(call)
        exact.setdefault(key, []).append(call)
        if alike is not None:
            similar.setdefault(alike, []).append(call)
    return kept, hits, looked_up


def shortened(call, profile, brief):
    key, output = (call.feature, call.model), call.output
    if brief and key in profile.open:
        output -= int((output - call.reasoning) * BREVITY)
    cap = profile.cap.get(key)
    if cap is not None and (call.max_tokens is None or cap <= call.max_tokens):
        output = min(output, cap)
    return output
