"""The replay of the prompt cache: who reads and writes how much, under which
policy a stream costs least."""

from measuring import SECOND

LOOK_BACK = 20

TRIE = {}


def node(parent, piece):
    return TRIE.setdefault((parent, piece), len(TRIE) + 1)


class Placed:
    """A prompt as nodes of the tree of all prompts."""

    def __init__(self, blocks):
        self.nodes, self.upto, self.ends, self.marks = [], [], [], {}
        self.head = self.documents = None
        at, total, in_head = 0, 0, True
        for identity, pieces, tokens, component, mark in blocks:
            for piece, size in zip(pieces, tokens, strict=True):
                at, total = node(at, (identity, piece)), total + size
                self.nodes.append(at)
                self.upto.append(total)
            last = len(self.nodes) - 1
            self.ends.append(last)
            in_head = in_head and component in ("system_prompt", "few_shot")
            if in_head:
                self.head = last
            if component == "retrieved_context":
                self.documents = last
            if mark is not None:
                self.marks[last] = mark


class Item:
    """A call as it would go to the provider."""

    def __init__(self, call, model, lane, placed, output, changed):
        self.call, self.time, self.model, self.lane = call, call.time, model, lane
        self.nodes, self.upto, self.ends, self.marks = placed.nodes, placed.upto, placed.ends, placed.marks
        self.head, self.documents, self.input = placed.head, placed.documents, placed.upto[-1]
        self.output, self.changed = output, changed


def breakpoints(item, policy):
    """Positions and lifetimes of an explicit policy's breakpoints."""
    if policy == "logged":
        return sorted(item.marks.items())
    if policy == "none":
        return []
    short, long = sorted(item.model.write)
    kind, lifetime = policy
    found = {}
    tail = long if lifetime == "long" else short
    if item.head is not None:
        found[item.head] = long if kind == "mixed" else tail
    if kind != "head":
        if item.documents is not None:
            found.setdefault(item.documents, tail)
        found.setdefault(len(item.nodes) - 1, tail)
    return sorted(found.items())


def replay(items, policy, start):
    """Uncached, read and written tokens of each item of one stream."""
    entries, found = {}, []
    for item in items:
        call = item.call
        if policy in ("logged", "automatic") and not item.changed and call.read \
                and item.time - start <= 3600 * SECOND:
            raise SystemExit("a warm start is not reckoned here")
        if policy == "automatic":
            found.append(replay_automatic(item, entries))
        else:
            found.append(replay_explicit(item, breakpoints(item, policy), entries))
    return found


def live(entry, time):
    return entry is not None and time - entry[1] <= entry[2] * SECOND


def replay_explicit(item, points, entries):
    time, model = item.time, item.model
    points = [(at, lifetime) for at, lifetime in points if item.upto[at] >= model.minimum]
    if not points:
        return item.input, 0, {}
    deepest = -1
    for at, _ in points:
        block = item.ends.index(at)
        for end in item.ends[max(0, block - LOOK_BACK):block + 1]:
            entry = entries.get(item.nodes[end])
            if live(entry, time) and time >= entry[0] and item.upto[end] >= model.minimum:
                deepest = max(deepest, end)
    read = item.upto[deepest] if deepest >= 0 else 0
    for at in range(deepest + 1):
        entry = entries.get(item.nodes[at])
        if live(entry, time):
            entry[1] = time
    written, upto = {}, read
    for at, lifetime in points:
        entry = entries.get(item.nodes[at])
        if item.upto[at] > read:
            written[lifetime] = written.get(lifetime, 0) + item.upto[at] - upto
            upto = item.upto[at]
        if at > deepest or not live(entry, time):
            available = time + item.call.delay
            if live(entry, time):
                available = min(available, entry[0])
            entries[item.nodes[at]] = [available, time, lifetime]
    return item.input - upto, read, written


def replay_automatic(item, entries):
    time, model = item.time, item.model
    (lifetime,) = model.lifetimes
    deepest = 0
    for at, key in enumerate(item.nodes):
        entry = entries.get(key)
        if live(entry, time) and time >= entry[0]:
            deepest = item.upto[at]
    read = deepest // model.step * model.step
    if read < model.minimum:
        read = 0
    for key in item.nodes:
        entry = entries.get(key)
        available = min(entry[0], time + item.call.delay) if live(entry, time) else time + item.call.delay
        entries[key] = [available, time, lifetime]
    return item.input - read, read, {}


def price(item, counts):
    return item.model.cost(item.lane, *counts, item.output)


EXPLICIT = ["none", ("head", "short"), ("head", "long"), ("full", "short"), ("full", "long"), ("mixed", "mixed")]


def stream_cost(items, choosing, start):
    """Cost of a stream, and the policy that was replayed."""
    model = items[0].model
    if items[0].lane == "batch" and items[0].call.lane != "batch" or not model.caches:
        current = "none"
    elif model.mode == "automatic":
        current = "automatic"
    else:
        current = "logged"
    best, chosen = None, current
    policies = [current]
    if choosing and current == "logged" and items[0].lane != "batch":
        policies += EXPLICIT
    first, span = items[0].time, items[-1].time - items[0].time
    for policy in policies:
        costs = [price(item, counts) for item, counts in zip(items, replay(items, policy, start), strict=True)]
        early = sum(cost for item, cost in zip(items, costs, strict=True) if (item.time - first) * 10 <= span * 7)
        if best is None or early < best:
            best, chosen, total = early, policy, sum(costs)
    return total, chosen != current, chosen
