"""Reads a log of request/response pairs: calls, the pieces and components of
their prompts, conversations, prefix families, units."""

import datetime
import json

from measuring import MESSAGE_OVERHEAD, count, largest_remainder, minified_json, removable, words_of
from prices import seconds

PIECE = 64
FIRST_TOKEN_DELAY = 1_000_000  # microseconds, where none is logged


class Block:
    """A content block of a prompt."""

    def __init__(self, kind, text, assistant):
        self.kind, self.text, self.assistant = kind, text, assistant
        self.component = kind
        self.ends_message, self.mark, self.tokens = False, None, count(text)
        words = words_of(text)
        self.pieces = ["".join(words[at:at + PIECE]) for at in range(0, len(words), PIECE)] or [""]
        self.local = [len(words[at:at + PIECE]) for at in range(0, len(words), PIECE)] or [0]
        self.removable = removable(text)
        self.billed = []


class Call:
    pass


def micros(text):
    stamp = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int((stamp - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) / datetime.timedelta(microseconds=1))


def texts_of(content, kind, assistant):
    if isinstance(content, str):
        return [Block(kind, content, assistant)]
    blocks = []
    for part in content:
        if part["type"] == "document":
            block = Block("retrieved_context", part["source"]["data"], assistant)
        else:
            assert part["type"] == "text", part["type"]
            block = Block(kind, part["text"], assistant)
        if "cache_control" in part:
            block.mark = seconds(part["cache_control"].get("ttl", "5m"))
        blocks.append(block)
    return blocks


KINDS = {"system": "system_prompt", "user": "user_input", "assistant": "history"}
NOT_IN_KEY = {"messages", "system", "tools", "metadata", "user", "stream", "model"}


def read_call(record):
    call, request, response = Call(), record["request"], record["response"]
    assert not {"status", "error"} & (record.keys() | response.keys()), "failed calls are not planted"
    call.time = micros(record["timestamp"])
    call.id, call.provider, call.model = response["id"], record["provider"], response["model"]
    call.feature, call.workspace, call.user = record["feature"], record.get("workspace"), record.get("user_id")
    call.conversation = record.get("session_id")
    call.latency = int(record.get("duration_ms", 0) * 1000)
    call.delay = int(record["ttft_ms"] * 1000) if "ttft_ms" in record else FIRST_TOKEN_DELAY
    call.stream, call.temperature = bool(request.get("stream")), request.get("temperature")
    call.max_tokens = request.get("max_tokens")
    call.has_tools = bool(request.get("tools"))
    assert not call.has_tools, "tools are not planted"
    call.parameters = json.dumps({key: value for key, value in request.items() if key not in NOT_IN_KEY}, sort_keys=True)
    blocks = []

    def add(content, role):
        found = texts_of(content, KINDS[role], role == "assistant")
        found[-1].ends_message = True
        blocks.extend(found)

    if "system" in request:
        add(request["system"], "system")
    for message in request["messages"]:
        add(message["content"], message["role"])
    call.blocks = blocks
    usage = response["usage"]
    if response.get("type") == "message":
        call.read = usage["cache_read_input_tokens"]
        split = usage.get("cache_creation", {})
        call.written = {300: split.get("ephemeral_5m_input_tokens", usage["cache_creation_input_tokens"]),
                        3600: split.get("ephemeral_1h_input_tokens", 0)}
        call.uncached, call.output, call.reasoning = usage["input_tokens"], usage["output_tokens"], 0
        call.answer = "".join(part["text"] for part in response["content"])
        call.finish = {"end_turn": "stop", "max_tokens": "length"}[response["stop_reason"]]
        call.lane = usage.get("service_tier", "standard")
    else:
        call.read = usage["prompt_tokens_details"]["cached_tokens"]
        call.written = {}
        call.uncached, call.output, call.reasoning = usage["prompt_tokens"] - call.read, usage["completion_tokens"], 0
        (choice,) = response["choices"]
        call.answer, call.finish, call.lane = choice["message"]["content"], choice["finish_reason"], "standard"
    call.written = {lifetime: tokens for lifetime, tokens in call.written.items() if tokens}
    call.input = call.uncached + call.read + sum(call.written.values())
    call.status = "success"
    call.is_json = minified_json(call.answer) is not None
    # Billed tokens of every piece; the overhead of a message stands on its last piece.
    local = [tokens for block in blocks for tokens in
             block.local[:-1] + [block.local[-1] + (MESSAGE_OVERHEAD if block.ends_message else 0)]]
    billed = iter(largest_remainder(local, call.input))
    for block in blocks:
        block.billed = [next(billed) for _ in block.pieces]
    call.counted = sum(local)
    return call


def read_log(path):
    calls = [read_call(json.loads(line)) for line in open(path, encoding="utf-8") if line.strip()]
    calls.sort(key=lambda call: (call.time, call.id))
    for number, call in enumerate(calls):
        call.number = number
    conversations(calls)
    classify(calls)
    return calls


def conversations(calls):
    """A logged id inside a workspace, else every call is one by itself."""
    turns = {}
    for call in calls:
        call.chat = (call.workspace, call.conversation) if call.conversation else call.number
        turns[call.chat] = call.turn = turns.get(call.chat, 0) + 1
        if call.turn > 10:
            raise SystemExit("conversations of more than ten turns are not reckoned here")
    for call in calls:
        call.turns = turns[call.chat]


def messages_of(call):
    message = []
    for block in call.blocks:
        message.append(block)
        if block.ends_message:
            yield message
            message = []


def message_key(message):
    return tuple((block.kind, block.assistant, block.text) for block in message)


def classify(calls):
    """The component of every block in its call."""
    groups, first = {}, set()
    for call in calls:
        key = (call.feature, call.model)
        if (key, call.chat) not in first:
            first.add((key, call.chat))
            groups.setdefault(key, []).append([message_key(message) for message in messages_of(call)])
    examples = {}
    for key, prompts in groups.items():
        shared = {}
        if len(prompts) < 5:
            continue
        for prompt in prompts:
            for at in range(min(64, len(prompt))):
                shared[tuple(prompt[:at + 1])] = shared.get(tuple(prompt[:at + 1]), 0) + 1
        for prompt in prompts:
            at = 0
            while at < len(prompt) and prompt[at][0][0] == "system_prompt":
                at += 1
            opening, end = [], at
            while end < len(prompt) and shared.get(tuple(prompt[:end + 1]), 0) * 5 >= len(prompts) * 4:
                end += 1
                opening.append(end)
            answers = [end for end in opening if prompt[end - 1][0][1]]
            if answers:
                examples.setdefault(key, set()).update(
                    tuple(prompt[:end]) for end in opening if end <= answers[-1])
    sent = {}
    for call in calls:
        before = sent.setdefault(call.chat, {})
        known, times, messages = bool(before), {}, list(messages_of(call))
        answers = [at for at, message in enumerate(messages) if message[0].assistant]
        newest = range(0)
        if answers:
            start = answers[-1]
            while start > 0 and messages[start - 1][0].assistant:
                start -= 1
            newest = range(start, answers[-1] + 1)
        users = [block for block in call.blocks if block.kind == "user_input"]
        call.last_user = users[-1] if users else None
        path = ()
        for at, message in enumerate(messages):
            key = message_key(message)
            path += (key,)
            times[key] = times.get(key, 0) + 1
            repeated = before.get(key, 0) >= times[key]
            past = at < newest.start or (not known and at in newest)
            for block in message:
                if block.kind == "system_prompt":
                    block.component = "system_prompt"
                elif path in examples.get((call.feature, call.model), ()):
                    block.component = "few_shot"
                elif past or repeated:
                    block.component = "history"
                elif at in newest:
                    block.component = "unattributed"
                elif block.kind == "user_input" and block is not call.last_user and \
                        block.tokens + (MESSAGE_OVERHEAD if block.ends_message else 0) >= 200:
                    block.component = "retrieved_context"
                else:
                    block.component = block.kind
        for key, many in times.items():
            before[key] = max(before.get(key, 0), many)
        asked = [block for block in call.blocks if block.component == "user_input"]
        call.first_user = asked[0] if asked else call.last_user
        call.documents = [block for block in call.blocks if block.component == "retrieved_context"]
        call.document_tokens = sum(sum(block.billed) for block in call.documents)
        call.single_turn = call.turns == 1 and not any(
            block.component in ("history", "unattributed") for block in call.blocks)
        call.head = tuple(block.text for block in call.blocks if block.component == "system_prompt")


def families(calls):
    of_chat = {}
    for call in calls:
        head = [block for block in call.blocks if block.kind == "system_prompt"]
        size = sum(block.tokens + (MESSAGE_OVERHEAD if block.ends_message else 0) for block in head)
        root = head[0].pieces[0] if size >= 64 else call.head
        own = (call.provider, call.workspace, size >= 64, root)
        call.family = of_chat.setdefault(call.chat, own)


def units_of(calls):
    parent = list(range(len(calls)))

    def find(at):
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    seen = {}
    for call in calls:
        for key in (("family", call.family), ("chat", call.chat), ("group", call.workspace, call.feature, call.model)):
            parent[find(call.number)] = find(seen.setdefault(key, call.number))
    units = {}
    for call in calls:
        units.setdefault(find(call.number), []).append(call)
    return list(units.values())


def by_component(calls):
    """Billed input by component, scaled over a call's runs of one component."""
    found = {}
    for call in calls:
        runs = []
        for block in call.blocks:
            tokens = block.tokens + (MESSAGE_OVERHEAD if block.ends_message else 0)
            if runs and runs[-1][0] == block.component:
                runs[-1][1] += tokens
            else:
                runs.append([block.component, tokens])
        for (component, _), tokens in zip(runs, largest_remainder([run[1] for run in runs], call.input), strict=True):
            found[component] = found.get(component, 0) + tokens
    return dict(sorted(found.items()))
