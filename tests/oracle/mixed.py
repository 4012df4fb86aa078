"""The world in which the techniques meet: the same traffic is easy, repeated,
cacheable and could wait."""

from words import SHORT
from writing import DAY, HOUR, MINUTE, SECOND, START, World, automatic


def mixed():
    """All workspaces of that world."""
    world = World("mixed", 91)
    numbers = world.numbers

    # alpha: short answers of few kinds, repeated questions, and a nightly run
    # under the same system prompt.
    system = numbers.words(296, SHORT)
    answers = [numbers.words(10 + 5 * numbers.below(4)) for _ in range(18)]
    questions = [numbers.words(20) for _ in range(30)]
    for day in range(3):
        at = START + day * DAY + 10 * HOUR
        for call in range(26):
            at += (30 + numbers.below(60)) * SECOND if call % 9 else 17 * MINUTE
            which = numbers.below(30)
            question = questions[which]
            if call % 13 == 5:
                # The same words the other way round: a near repeat.
                question = " " + " ".join(reversed(question.split()))
            world.north(at, "triage", "north-large", [question], answers[which % 18], system=system, temperature=0,
                        workspace="alpha")
        passages = [numbers.words(40, SHORT) for _ in range(6)]
        for call in range(16):
            at = START + day * DAY + 3 * HOUR + call * 75 * SECOND
            first, second = passages[numbers.below(6)], passages[numbers.below(6)]
            text = "\n\n".join([first, second, first])
            world.north(at, "digest", "north-large", [[text, numbers.words(12)]], numbers.words(60 + 5 * numbers.below(6), SHORT),
                        system=system, temperature=0.7, workspace="alpha")

    # beta: questions about two documents, some of them asked twice, and chats.
    library = [numbers.words(5400, SHORT) for _ in range(2)]
    system = numbers.words(90, SHORT)
    for call in range(9):
        question = numbers.words(16) if call % 4 != 2 else question
        # A repeated question comes within five minutes.
        at = START + DAY + 9 * HOUR + (call // 5) * 40 * MINUTE + call * 100 * SECOND
        world.north(at, "papers", "north-medium", [question], numbers.words(80 + 5 * numbers.below(4), SHORT), system=system,
                    documents=[library[call // 5]], temperature=0, workspace="beta")
    system = numbers.words(520, SHORT)
    for chat in range(8):
        at, sent = START + DAY + 11 * HOUR + chat * 4 * MINUTE, []
        for turn in range(4):
            sent.append(numbers.words(26))
            answer = numbers.words(90 + 5 * numbers.below(12), SHORT)
            world.north(at, "chat", "north-medium", list(sent), answer, system=system, temperature=0.7, workspace="beta",
                        session_id=f"chat-{chat}", ttft_ms=600)
            sent.append(answer)
            at += (50 + numbers.below(100)) * SECOND

    # zeta: one question about each contract, nothing to reuse.
    system = numbers.words(30, SHORT)
    for call in range(4):
        world.north(START + DAY + 16 * HOUR + call * 20 * MINUTE, "contracts", "north-large", [numbers.words(18)],
                    numbers.words(100 + 5 * numbers.below(4), SHORT), system=system, documents=[numbers.words(6000 + 40 * call, SHORT)],
                    temperature=0.7, workspace="zeta")

    # gamma: a narrow task, often repeated, one runaway answer.
    system = numbers.words(560, SHORT)
    labels = [numbers.words(4) for _ in range(10)]
    subjects = [numbers.words(24) for _ in range(70)]
    at = START + DAY + 8 * HOUR
    for call in range(120):
        at += (40 + numbers.below(200)) * SECOND if call % 15 else 80 * MINUTE
        which = numbers.below(70)
        answer = numbers.words(300, SHORT) if call == 77 else labels[which % 10]
        world.north(at, "label", "east-one", [subjects[which]], answer, system=system, temperature=0 if call % 3 else None,
                    workspace="gamma", provider="east")

    # A provider that caches by itself; some questions come twice.
    system = numbers.words(350, SHORT)
    at, cache = START + DAY + 13 * HOUR, {}
    for call in range(40):
        at += (60 + numbers.below(120)) * SECOND if call % 10 else 30 * MINUTE
        question = numbers.words(70) if call % 4 != 3 else question
        world.south(at, "helper", "south-medium", [question], numbers.words(30 + 5 * numbers.below(8), SHORT), system=system,
                    cached=automatic(cache, at, [system, question]), temperature=0)

    # Already cached for five minutes, though an hour would be better.
    system, used = numbers.words(420, SHORT), None
    at = START + 2 * DAY + 9 * HOUR
    for call in range(26):
        at += (7 + numbers.below(5)) * MINUTE if call % 4 else 2 * MINUTE
        hit = used is not None and at - used <= 300 * SECOND
        world.north(at, "review", "north-large", [numbers.words(30)], numbers.words(210, SHORT), system=system, temperature=0.7,
                    mark="5m", cached=(424, 0) if hit else (0, 424), workspace="delta")
        used = at

    # The same, but the provider lost three entries: its bill is above the replay.
    system, used = numbers.words(600, SHORT), None
    at = START + 2 * DAY + 9 * HOUR
    for call in range(24):
        at += (1 + numbers.below(3)) * MINUTE
        hit = used is not None and at - used <= 300 * SECOND and call not in (7, 12, 19)
        # One question comes a second time with its words the other way round.
        question = " " + " ".join(reversed(question.split())) if call == 15 else numbers.words(30)
        world.north(at, "memo", "north-medium", [question], numbers.words(220, SHORT), system=system, temperature=0,
                    mark="5m", cached=(604, 0) if hit else (0, 604), workspace="epsilon")
        used = at
    world.write()
