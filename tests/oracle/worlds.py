#!/usr/bin/env python3
"""Writes the planted worlds: logs in which it is known what saves and why.

    python3 tests/oracle/worlds.py        # from the repository's root

Every text is made of `words.py`, one token a word, so that the tokens that a
log bills are known without a tokenizer: words, and four for each message. The
sequence of words comes from a small generator of our own; no clock and no
randomness is used, and the same bytes come out every time.
"""

import sys
from fractions import Fraction

sys.dont_write_bytecode = True

from mixed import mixed
from words import SHORT, WORDS
from writing import DAY, HOUR, MINUTE, SECOND, START, World, automatic, stamp


# ------------------------------------------------------------ prompt-caching

def chats(world, feature, model, system, start, many, turns, gap, **options):
    """Conversations whose prompts grow turn by turn; the first turn brings a document."""
    numbers = world.numbers
    for chat in range(many):
        at, sent = start + chat * 37 * MINUTE, []
        for turn in range(turns):
            question = numbers.words(28)
            sent.append([numbers.words(240, SHORT), question] if turn == 0 else question)
            answer = numbers.words(options.get("answer", 220), SHORT)
            world.north(at, feature, model, list(sent), answer, system=system, session_id=f"{feature}-{chat}",
                        temperature=0.7, ttft_ms=800)
            sent.append(answer)
            at += gap + numbers.below(20) * SECOND


def caching_saves():
    # Bills are 1.25 times the local count; every piece is a multiple of four.
    world = World("prompt-caching/saves", 11, Fraction(5, 4))
    numbers = world.numbers
    system = numbers.words(396, SHORT)
    at = START + 8 * HOUR
    for call in range(44):
        # Bursts with gaps inside five minutes, between them gaps of more.
        at += (45 + numbers.below(90)) * SECOND if call % 12 else 25 * MINUTE
        world.north(at, "assist", "north-large", [numbers.words(24)], numbers.words(220 + 4 * numbers.below(10), SHORT),
                    system=system, temperature=0.7)
    chats(world, "guide", "north-large", numbers.words(316, SHORT), START + 9 * HOUR, 3, 5, 70 * SECOND)
    # Far apart: only the long lifetime pays.
    system = numbers.words(460, SHORT)
    for call in range(24):
        world.north(START + 8 * HOUR + call * 12 * MINUTE, "audit", "north-large", [numbers.words(20)], numbers.words(220, SHORT),
                    system=system, temperature=0.7)
    world.write()


def caching_saves_nothing():
    world = World("prompt-caching/saves_nothing", 12)
    numbers = world.numbers
    system, small = numbers.words(330, SHORT), numbers.words(120, SHORT)
    at = START + 8 * HOUR
    for call in range(40):
        at += (45 + numbers.below(90)) * SECOND
        # The time stands in front of what stays the same.
        clock = stamp(at)[:19] + "Z"
        world.north(at, "assist", "north-large", [numbers.words(24)], numbers.words(210, SHORT), system=f" now {clock}" + system,
                    temperature=0.7)
        # A prefix below the model's minimum of 256.
        world.north(at + 20 * SECOND, "brief", "north-large", [numbers.words(24)], numbers.words(210, SHORT), system=small,
                    temperature=0.7)
    # Reuse, but never inside the longest lifetime.
    system = numbers.words(330, SHORT)
    for call in range(8):
        world.north(START + 8 * HOUR + call * 61 * MINUTE, "audit", "north-large", [numbers.words(24)], numbers.words(210, SHORT),
                    system=system, temperature=0.7)
    # A provider that caches by itself has nothing left to switch on.
    system, last = numbers.words(252, SHORT), None
    for call in range(12):
        # The prompt is 256 for the head and 30 behind it: two steps of 128.
        at = START + 12 * HOUR + call * 4 * MINUTE
        world.south(at, "helper", "south-small", [numbers.words(26)], numbers.words(210, SHORT), system=system,
                    cached=256 if last else 0, temperature=0.7)
        last = at
    world.write()


def caching_edges():
    """What happens exactly at a rule's limit; each workspace is one case."""
    world = World("prompt-caching/edges", 13)
    numbers = world.numbers
    # One answer to everything: neither open text nor short enough to route.
    answer = " a" * 210
    start = START + 9 * HOUR

    def head(words):
        return numbers.words(20, SHORT) + " a" * (words - 20)

    def ask(at, case, system, messages=None, **options):
        options = {"temperature": 0.7, "workspace": case, **options}
        world.north(at, case, "north-large", messages or [numbers.words(20)], answer, system=system, **options)

    # The model caches from 256 tokens on: 251 words and 4 around them are not enough.
    for words in (251, 252, 253):
        system = head(words)
        for call in range(14):
            ask(start + call * MINUTE, f"head-of-{words + 4}", system)
    # A gap of exactly the lifetime is a hit, a millisecond more is none.
    for extra in (0, 1000):
        system = head(300)
        for call in range(12):
            ask(start + call * (300 * SECOND + extra), f"gap-plus-{extra}-us", system)
    # Three calls at once: none can read what the others are still writing.
    system = head(300)
    for burst in range(10):
        at = start + burst * 2 * MINUTE + (10 * MINUTE if burst > 5 else 0)
        for call in range(3):
            ask(at + call * 300_000, "burst", system, ttft_ms=900)
    # Readable from the first token on: 0.9 s after the write, not before.
    system = head(300)
    for call in range(5):
        ask(start + call * 20 * MINUTE, "ready", system, ttft_ms=900)
        ask(start + call * 20 * MINUTE + 899_000, "ready", system, ttft_ms=900)
        ask(start + call * 20 * MINUTE + 900_000, "ready", system, ttft_ms=900)
    # Examples belong to the head: 184 tokens of system prompt, 92 of examples.
    system = head(180)
    examples = [" a" * 20, " river", " a" * 54, " stone"]
    for call in range(12):
        ask(start + call * MINUTE, "examples", system, [*examples, numbers.words(20)])
    # A turn adds an answer and so many blocks: the last entry stands that many
    # blocks and one before the new end; 20 are looked back.
    for blocks in (18, 19, 20):
        system = head(260)
        for chat in range(2):
            sent = []
            for turn in range(3):
                sent.append([numbers.words(6) for _ in range(blocks)])
                ask(start + chat * 20 * MINUTE + turn * MINUTE, f"turn-of-{blocks}", system, list(sent),
                    session_id=f"turn-{blocks}-{chat}")
                sent.append(answer)
    world.write()


# ------------------------------------------------------------ output-capping

def output(name, sequence, tail, distinct):
    world = World(name, sequence)
    numbers = world.numbers
    system = numbers.words(40)
    answers = [numbers.words(50 + 5 * numbers.below(5), SHORT) for _ in range(distinct)]
    for call in range(200):
        answer, limit = answers[call % distinct], 4096
        if call in tail:
            answer = numbers.words(tail[call], SHORT)
        if call == 120:
            # A limit below the cap: none is set above it.
            limit = 70
        world.north(START + 9 * HOUR + call * 7 * MINUTE, "report", "north-large", [numbers.words(30)], answer, system=system,
                    temperature=0.7, max_tokens=limit)
    world.write()


def output_saves():
    # The 198th of 200 answers is the 99th percentile: two long ones lie beyond.
    output("output-capping/saves", 21, {50: 1500, 140: 2200}, 200)


def output_saves_nothing():
    # A few set answers are no open text, and none is long.
    output("output-capping/saves_nothing", 22, {}, 20)


# ------------------------------------------------------------ semantic-dedup

def dedup_saves():
    world = World("semantic-dedup/saves", 31)
    numbers = world.numbers
    system = numbers.words(60)
    questions = [numbers.words(18) for _ in range(12)]
    at = START + 9 * HOUR

    def ask(at, text, answer=None, feature="faq", model="north-medium", **options):
        options = {"temperature": 0, **options}
        world.north(at, feature, model, [text], answer or numbers.words(230, SHORT), system=system, **options)

    for text in questions:
        ask(at, text)
        # Inside the lifetime, a hit; a hit does not renew the answer's age.
        ask(at + 20 * MINUTE, text)
        ask(at + 59 * MINUTE, text)
        # Outside it: answered anew, and that one serves the next.
        ask(at + 70 * MINUTE, text)
        ask(at + 75 * MINUTE, text)
        at += 3 * MINUTE
    at = START + 13 * HOUR
    # Exactly at the lifetime is a hit, a millisecond later is not.
    text = numbers.words(18)
    ask(at, text)
    ask(at + HOUR, text)
    text = numbers.words(18)
    ask(at + MINUTE, text)
    ask(at + MINUTE + HOUR + 1000, text)
    # Asked again before the first answer was there.
    text = numbers.words(18)
    ask(at + 2 * MINUTE, text, duration_ms=9000)
    ask(at + 2 * MINUTE + 5 * SECOND, text)
    ask(at + 2 * MINUTE + 30 * SECOND, text)
    # An answer that was cut off does not serve.
    text = numbers.words(18)
    ask(at + 3 * MINUTE, text, finish="max_tokens")
    ask(at + 4 * MINUTE, text)
    ask(at + 5 * MINUTE, text)
    # No temperature stated: a repeat all the same. Stated above 0: not one.
    text = numbers.words(18)
    ask(at + 6 * MINUTE, text, temperature=None)
    ask(at + 7 * MINUTE, text, temperature=None)
    text = numbers.words(18)
    ask(at + 8 * MINUTE, text, temperature=0.7)
    ask(at + 9 * MINUTE, text, temperature=0.7)
    # Another workspace's answers are not ours.
    text = numbers.words(18)
    ask(at + 10 * MINUTE, text, workspace="one")
    ask(at + 11 * MINUTE, text, workspace="two")
    # Near repeats: the same words in another order, one word of twenty left
    # out (19 / 20 = 0.95), two of twelve exchanged (10 / 14), another number.
    base = WORDS[:20]
    ask(at + 20 * MINUTE, " " + " ".join(base))
    ask(at + 21 * MINUTE, " " + " ".join(reversed(base)))
    ask(at + 22 * MINUTE, " " + " ".join(base[:-1]))
    base = WORDS[40:52]
    ask(at + 23 * MINUTE, " " + " ".join(base))
    ask(at + 24 * MINUTE, " " + " ".join(base[:10] + WORDS[60:62]))
    base = " ".join(WORDS[80:100])
    ask(at + 25 * MINUTE, f" {base} 417")
    ask(at + 26 * MINUTE, f" {base} 418")
    world.write()


def dedup_saves_nothing():
    world = World("semantic-dedup/saves_nothing", 32)
    numbers = world.numbers
    system = numbers.words(60)
    at = START + 9 * HOUR
    for call in range(12):
        text = numbers.words(18)
        # The same question again, but always after the lifetime.
        for again in range(5):
            world.north(at + again * 61 * MINUTE, "faq", "north-medium", [text], numbers.words(230, SHORT), system=system, temperature=0)
        at += 3 * MINUTE
    for call in range(6):
        # Sampled answers are not meant to be the same.
        world.north(at + call * MINUTE, "ideas", "north-medium", [" river stone garden"], numbers.words(230, SHORT), system=system,
                    temperature=0.9)
    world.write()


# ----------------------------------------------------------------- batch-api

def batch(name, sequence, spread):
    world = World(name, sequence)
    numbers = world.numbers
    system = numbers.words(60)
    for day in range(3):
        for call in range(15):
            at = START + day * DAY + 2 * HOUR + call * 50 * SECOND
            if spread:
                at = START + day * DAY + call * 70 * MINUTE + numbers.below(30) * MINUTE
            world.north(at, "nightly", "north-medium", [numbers.words(80)], numbers.words(230, SHORT), system=system, temperature=0.7)
        for call in range(6):
            # At the same hour, but somebody watches the answer come.
            at = START + day * DAY + 2 * HOUR + call * 60 * SECOND + 25 * SECOND
            world.north(at, "live", "north-medium", [numbers.words(40)], numbers.words(230, SHORT), system=system, temperature=0.7,
                        stream=True)
        for call in range(5):
            # Already in a batch: nothing is left to move.
            if spread:
                world.north(START + day * DAY + 4 * HOUR + call * 60 * SECOND, "done", "north-medium", [numbers.words(40)],
                            numbers.words(230, SHORT), system=system, temperature=0.7, lane="batch")
    if not spread:
        # A provider that caches by itself: nothing is read inside a batch.
        cache, opening = {}, numbers.words(290, SHORT)
        for day in range(3):
            for call in range(6):
                at = START + day * DAY + 5 * HOUR + call * 50 * SECOND
                question = numbers.words(30)
                world.south(at, "digest", "south-small", [question], numbers.words(210, SHORT), system=opening,
                            cached=automatic(cache, at, [opening, question]), temperature=0.7)
        # A burst of more than fifty calls within a minute and no user, at odd hours.
        for call in range(54):
            at = START + DAY + 15 * HOUR + call * 900_000
            world.north(at, "import", "north-medium", [numbers.words(40)], numbers.words(210, SHORT), system=system, temperature=0.7)
    world.write()


# ------------------------------------------------------------- model-routing

def routing(name, sequence, words):
    world = World(name, sequence)
    numbers = world.numbers
    system = numbers.words(80)
    for call in range(80):
        world.north(START + 9 * HOUR + call * 4 * MINUTE, "sort", "north-medium", [numbers.words(60)],
                    numbers.words(words + 5 * numbers.below(3), SHORT), system=system, temperature=0.7)
    system = numbers.words(80)
    for chat in range(5):
        # One router for a conversation.
        at, sent = START + 9 * HOUR + chat * 29 * MINUTE, []
        for turn in range(3):
            sent.append(numbers.words(30))
            answer = numbers.words(words + 5 * numbers.below(3), SHORT)
            world.north(at + turn * 6 * MINUTE, "chat", "north-large", list(sent), answer, system=system, temperature=0.7,
                        session_id=f"chat-{chat}")
            sent.append(answer)
    world.write()


# ------------------------------------------------------- embedding-retrieval

def retrieval(name, sequence, size, words):
    world = World(name, sequence)
    numbers = world.numbers
    system = numbers.words(40)
    library = [numbers.words(size, SHORT) for _ in range(3)]
    for call in range(14):
        document = library[call % 3] if call < 10 else numbers.words(size, SHORT)
        world.north(START + 9 * HOUR + call * 11 * MINUTE, "papers", "north-medium", [numbers.words(20)], numbers.words(words, SHORT),
                    system=system, documents=[document], temperature=0.7)
    world.write()


# ------------------------------------------------------- context-compression

def compression(name, sequence, wasteful):
    world = World(name, sequence)
    numbers = world.numbers
    system = numbers.words(60)
    space = ", " if wasteful else ","
    for call in range(40):
        values = [str(numbers.below(900) + 1) for _ in range(220)]
        rows = "[" + space.join(values) + "]"
        world.north(START + 9 * HOUR + call * 8 * MINUTE, "tables", "north-medium", [[rows, numbers.words(20)]], numbers.words(230, SHORT),
                    system=system, temperature=0.7)
    passages = [numbers.words(40) for _ in range(12)]
    for call in range(30):
        chosen = [passages[numbers.below(12)] for _ in range(3)] if wasteful else passages[call % 10:call % 10 + 3]
        if wasteful:
            chosen[2] = chosen[0]
        gap = "  " if wasteful else " "
        text = "\n\n".join(chosen) + "\n\n" + " see" + gap + "above" + gap + "and" + gap + "answer"
        world.north(START + 9 * HOUR + call * 9 * MINUTE, "notes", "north-medium", [[text, numbers.words(20)]], numbers.words(230, SHORT),
                    system=system, temperature=0.7)
    world.write()


# --------------------------------------------------------------- fine-tuning

def tuning(name, sequence, distinct):
    world = World(name, sequence)
    numbers = world.numbers
    system = numbers.words(246, SHORT)
    labels = [numbers.words(4) for _ in range(distinct)]
    examples = [numbers.words(24, SHORT), labels[0], numbers.words(24, SHORT), labels[1]]
    for call in range(100):
        world.north(START + 8 * HOUR + call * 8 * MINUTE, "label", "east-one", [*examples, numbers.words(24)], labels[call % distinct],
                    system=system, temperature=0.7, provider="east")
    # Under the same head, easy as well, but every answer is another one.
    for call in range(54):
        world.north(START + 8 * HOUR + call * 14 * MINUTE + 3 * SECOND, "reply", "east-one", [numbers.words(24)], numbers.words(40),
                    system=system, temperature=0.7, provider="east")
    world.write()


WORLDS = [
    caching_saves,
    caching_saves_nothing,
    caching_edges,
    output_saves,
    output_saves_nothing,
    dedup_saves,
    dedup_saves_nothing,
    lambda: batch("batch-api/saves", 41, False),
    lambda: batch("batch-api/saves_nothing", 42, True),
    lambda: routing("model-routing/saves", 51, 20),
    lambda: routing("model-routing/saves_nothing", 52, 210),
    lambda: retrieval("embedding-retrieval/saves", 61, 5200, 60),
    lambda: retrieval("embedding-retrieval/saves_nothing", 62, 4900, 60),
    lambda: compression("context-compression/saves", 71, True),
    lambda: compression("context-compression/saves_nothing", 72, False),
    lambda: tuning("fine-tuning/saves", 81, 12),
    lambda: tuning("fine-tuning/saves_nothing", 82, 100),
    mixed,
]

if __name__ == "__main__":
    for world in WORLDS:
        world()
