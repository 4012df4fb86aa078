"""raw_u(A): what one unit costs when exactly the techniques A rewrite its calls."""

from fractions import Fraction

from measuring import MESSAGE_OVERHEAD, half_even, largest_remainder
from replay import Item, Placed, stream_cost
from rules import (BREVITY_TOKENS, CHUNK_TOKENS, EMBEDDING_RATE, ESCALATED_SHARE, HORIZON_MONTHS, NEAR_PRECISION,
                   ROUTED_SHARE, ROUTER_OUTPUT, ROUTER_TEMPLATE, TUNED_SHARE, deduplicated, shortened)

CACHE, ROUTE, RETRIEVE, COMPRESS, BATCH, OUTPUT, DEDUP, TUNE = (1 << bit for bit in range(8))


class Unit:
    def __init__(self, calls, profile):
        self.calls, self.profile = calls, profile
        self.several = len(calls) >= 2
        self.keys = {(call.feature, call.model) for call in calls}
        self.policies = []
        self.memo, self.shapes, self.placed, self.left = {}, {}, {}, {}
        prices = profile.prices
        self.bill = sum(prices[call.provider, call.model].cost(call.lane, call.uncached, call.read, call.written, call.output)
                        for call in calls)
        self.near_hits = bool(deduplicated(calls, True)[1]) and self.several
        self.eligible = 0
        if any(prices[call.provider, call.model].mode == "explicit" for call in calls):
            self.eligible |= CACHE
        if self.several and self.keys & profile.routed.keys():
            self.eligible |= ROUTE
        if self.several and any(self.retrieves(call) for call in calls):
            self.eligible |= RETRIEVE
        if any(block.removable for call in calls for block in call.blocks):
            self.eligible |= COMPRESS
        if self.keys & profile.batched:
            self.eligible |= BATCH
        if any(shortened(call, profile, self.several) < call.output for call in calls):
            self.eligible |= OUTPUT
        if len(deduplicated(calls, self.near_hits)[0]) < len(calls):
            self.eligible |= DEDUP
        if self.several and self.keys & profile.tuned.keys():
            self.eligible |= TUNE
        # Earlier answers of a conversation, by their text.
        self.answers = {}
        for call in calls:
            self.answers.setdefault((call.chat, call.answer), call)
        self.replayed = self.traffic(0, False, (False, False))[0]

    @staticmethod
    def retrieves(call):
        return call.document_tokens >= 2 * CHUNK_TOKENS and call.output * 10 <= call.document_tokens

    def states(self, chosen):
        """Weights, the ease x as (tuned, routed), near hits served, escalated."""
        cuts = {Fraction(0), Fraction(1)}
        if chosen & TUNE:
            cuts.add(TUNED_SHARE)
        if chosen & ROUTE:
            cuts.add(ROUTED_SHARE)
        cuts = sorted(cuts)
        ease = [(high - low, (bool(chosen & TUNE) and low < TUNED_SHARE, bool(chosen & ROUTE) and low < ROUTED_SHARE))
                for low, high in zip(cuts, cuts[1:])]
        near = [(NEAR_PRECISION, True), (1 - NEAR_PRECISION, False)] if chosen & DEDUP and self.near_hits else [(Fraction(1), False)]
        escalated = [(ESCALATED_SHARE, True), (1 - ESCALATED_SHARE, False)] if chosen & RETRIEVE else [(Fraction(1), False)]
        for first, x in ease:
            for second, near_served in near:
                for third, again in escalated:
                    yield first * second * third, x, near_served, again

    def raw(self, chosen):
        chosen &= self.eligible
        if chosen not in self.memo:
            self.memo[chosen] = self.expected(chosen)
        return self.memo[chosen]

    def expected(self, chosen):
        traffic, fees, changed = Fraction(0), Fraction(0), False
        for weight, x, near, escalated in self.states(chosen):
            cost, extra, different = self.traffic(chosen, near, x, escalated)
            traffic, fees = traffic + weight * cost, fees + weight * extra
            changed |= different
        if not changed:
            return self.bill
        if self.bill != self.replayed:
            traffic = traffic * self.bill / self.replayed
        return half_even(traffic + fees)

    def traffic(self, chosen, near, x, escalated=False):
        """Replayed cost, fees, and whether anything differs from the log."""
        profile, prices = self.profile, self.profile.prices
        calls, fees, changed = self.calls, Fraction(0), False
        if chosen & DEDUP:
            if near not in self.left:
                self.left[near] = deduplicated(calls, near)
            calls, _, looked_up = self.left[near]
            changed |= len(calls) < len(self.calls)
            if self.near_hits:
                fees += sum(call.last_user.tokens for call in looked_up) * EMBEDDING_RATE
        routers, corpus, items = set(), {}, []
        for call in calls:
            key = (call.feature, call.model)
            model, lane = prices[call.provider, call.model], call.lane
            tuned = None
            is_tuned = bool(chosen & TUNE) and key in profile.tuned
            is_routed = bool(chosen & ROUTE) and key in profile.routed and not (is_tuned and TUNED_SHARE >= ROUTED_SHARE)
            if is_routed and call.chat not in routers:
                routers.add(call.chat)
                target = profile.routed[key]
                fees += (ROUTER_TEMPLATE + call.first_user.tokens) * target.input + ROUTER_OUTPUT * target.output
            if is_tuned and x[0]:
                model = tuned = profile.tuned[key][0]
            elif is_routed and x[1]:
                model = profile.routed[key]
            output = call.output
            if chosen & OUTPUT:
                output = shortened(call, profile, self.several)
            if chosen & BATCH and key in profile.batched:
                lane = "batch"
            retrieves = bool(chosen & RETRIEVE) and self.retrieves(call)
            if retrieves:
                fees += call.last_user.tokens * EMBEDDING_RATE
                corpus.update({block.text: block.tokens for block in call.documents})
            for chunks in ([True, False] if escalated else [True]) if retrieves else [False]:
                blocks = self.shaped(call, chosen, chunks, tuned)
                different = (model.id != call.model or lane != call.lane or output != call.output or retrieves
                             or blocks != self.shaped(call, 0, False, None))
                changed |= different
                key = (call.number, chosen & (COMPRESS | OUTPUT), chunks, tuned is not None)
                if key not in self.placed:
                    self.placed[key] = Placed(blocks)
                items.append(Item(call, model, lane, self.placed[key], output, different))
        if chosen & TUNE:
            fees += sum(cost for key, (_, cost) in profile.tuned.items() if key in self.keys)
        if corpus:
            fees += Fraction(sum(corpus.values()) * EMBEDDING_RATE) / HORIZON_MONTHS * profile.days / 30
        streams = {}
        for item in items:
            key = (item.call.workspace, item.model.provider, item.model.id, item.lane, item.call.family)
            streams.setdefault(key, []).append(item)
        total = 0
        for key, stream in streams.items():
            cost, other_policy, policy = stream_cost(stream, bool(chosen & CACHE), profile.start)
            total, changed = total + cost, changed or other_policy
            if chosen == CACHE:
                self.policies.append((key[0], key[2], len(stream), "-".join(policy) if isinstance(policy, tuple) else policy))
        return total, fees, changed or fees != 0

    def shaped(self, call, chosen, chunks, tuned):
        """The prompt as blocks of (identity, pieces, billed tokens, component, mark)."""
        key = (call.number, chosen & (COMPRESS | OUTPUT), chunks, tuned is not None)
        if key not in self.shapes:
            self.shapes[key] = self.shape(call, chosen, chunks, tuned)
        return self.shapes[key]

    def shape(self, call, chosen, chunks, tuned):
        brief = bool(chosen & OUTPUT) and self.several and (call.feature, call.model) in self.profile.open
        blocks = []
        head_size, head_mark = 0, None
        for block in call.blocks:
            if tuned is not None and block.component in ("system_prompt", "few_shot"):
                head_size += sum(block.billed)
                head_mark = block.mark or head_mark
                continue
            if chunks and block.component == "retrieved_context":
                if block is call.documents[0]:
                    blocks.append((("chunks", call.number), ["chunks"], [CHUNK_TOKENS], "retrieved_context", call.documents[-1].mark))
                continue
            tokens = list(block.billed)
            if chosen & COMPRESS and block.removable:
                own = sum(tokens)
                counted = block.tokens + (MESSAGE_OVERHEAD if block.ends_message else 0)
                less = block.removable * own // counted
                tokens = largest_remainder(tokens, own - less)
            if chosen & OUTPUT and block.assistant:
                source = self.answers.get((call.chat, block.text))
                if source is not None and source.number < call.number:
                    less = source.output - shortened(source, self.profile, self.several)
                    tokens = largest_remainder(tokens, max(0, sum(tokens) - less))
            blocks.append(((block.kind, block.assistant), block.pieces, tokens, block.component, block.mark))
        if tuned is not None:
            size = -(-13 * head_size // 100)
            blocks.insert(0, (("tuned", call.feature, call.model), ["tuned"], [size], "system_prompt", head_mark))
        if brief:
            systems = [at for at, block in enumerate(blocks) if block[3] == "system_prompt"]
            at = systems[-1] + 1 if systems else 0
            mark = None
            if systems and blocks[at - 1][4] is not None:
                mark = blocks[at - 1][4]
                blocks[at - 1] = blocks[at - 1][:4] + (None,)
            blocks.insert(at, (("brevity",), ["brevity"], [BREVITY_TOKENS], "system_prompt", mark))
        return blocks
