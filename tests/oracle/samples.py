#!/usr/bin/env python3
"""What a correct reader must find in the reference logs, worked out without the product.

    python3 tests/oracle/samples.py FOLDER             prints the table (samples-expected.csv)
    python3 tests/oracle/samples.py FOLDER --folders   adds up per folder instead
    python3 tests/oracle/samples.py FOLDER --across    calls that stand in more than one file

Python 3 and its standard library. Written from the format text and the files' own SOURCE notes,
before any reader was run; it shares no code with one. Every file stands alone in the table:
nothing is joined or merged across files (`--across` lists what a run over a folder would merge).

COLUMNS
  records     the smallest unit that a reader has to account for: a JSONL line, a whole document,
              one stream (not its events), a CSV row, a span, an observation, a message of a
              session document, a result of a bucket page.
              records = calls + duplicates + ignored + rejected + buckets + charges.
  calls       model calls, failed calls and calls whose usage is not known included.
  children    calls inside a call's record that its own counts leave out. Not in `calls`, but
              their tokens ARE in the sums.
  buckets     rows that add up several calls; `charges` rows that are money without tokens.
  input       whole prompt = uncached + read + written; output includes reasoning.
  A blank sum means that no record states the count; 0 means that one states zero.

CHOICES (where two readings can be defended)
  1. Duplicate = same response id AND same counts (and same creation time where there is one).
     The same id with other counts is another call: recorders scrub ids to one placeholder.
     An id-only key would merge those too; the note says how many.
  2. A 4xx/5xx answer with its request is a failed call without usage; a bare error body is
     ignored; a stream that failed after it was given an id and a model is a failed call.
  3. A queued background answer (usage null) is a call of unknown usage.
  4. An endpoint that runs no model (client secrets, threads) is ignored.
  5. Embedding bodies without counts are calls of unknown usage, not rejected.
  6. A blocked prompt (usage metadata without counts) is a call of unknown usage.
  7. Iterations that the top level leaves out are children: advisor, compaction, and the model that
     declined before a fallback (its 0 output may not be billed; the format text does not say).
  8. xAI counts reasoning BESIDE completion (total = prompt + completion + reasoning): added to
     output. Told by the total, not by the name.
  9. Reasoning above output is cut to output; cached + written above the prompt is kept as stated.
 10. A stream event with broken JSON that holds id and usage: the stream is rejected.
 11. Two message_start of one id are one call; of two ids two calls. A stream cut before its
     message_delta and message_stop states its input; its output is unknown (the start's count is a
     beginning). One that ends by message_stop without message_delta means what its start says.
     message_delta overrides what message_start said; fields it leaves out stay.
 12. Azure request lines: key correlationId + time, so a line with both equal is a duplicate.
 13. Batch input lines are ignored (request half; nothing to join them to inside one file). A batch
     line with an error and no response is a failed call: custom_id names its request.
 14. Codex: a cumulative total that falls is no call (ignored); last_token_usage without a total is.
 15. Gemini CLI: token counts that are not numbers reject the message; a model message without
     `tokens` is a call of unknown usage. The stated `total` is not used.
 16. Cost: only what a format's text names as logged cost. Vendor ticks (xAI) are left out.
     OpenRouter's `cost` is the fee alone for own-key calls, as stated.
 17. Anthropic counts without cache fields (older or hand-made): input = input_tokens.
 18. pi sessions are in no format text: unknown, though they hold usage.
 19. A line that is no JSON object is rejected; an object of an unknown kind is ignored.
 20. Mistral's num_cached_tokens is read as cache read.
"""

import csv
import io
import json
import re
import sys
from collections import Counter, OrderedDict
from decimal import Decimal
from pathlib import Path

COUNTS = ("input", "cache_read", "cache_write", "output", "reasoning")
COLUMNS = (
    "path format records calls children duplicates ignored rejected buckets charges "
    "input cache_read cache_write output reasoning logged_cost_usd note"
).split()
UNKNOWN = dict.fromkeys(COUNTS)


# ---------------------------------------------------------------- small helpers


def whole(value):
    """A count, or None: absent, null and booleans are no counts."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, Decimal)):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"\d+", value.strip()):
        return int(value)
    return None


def first(source, *names):
    for name in names:
        if isinstance(source, dict) and whole(source.get(name)) is not None:
            return whole(source[name])
    return None


def add(*values):
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def parsed(text):
    return json.loads(text, parse_float=Decimal)


class Tally:
    """One file's row."""

    def __init__(self, kind):
        self.kind = kind
        self.count = Counter()
        self.sums = dict.fromkeys(COUNTS)
        self.cost = None
        self.notes = OrderedDict()
        self.seen = {}
        self.keys = []
        self.known = Counter()

    def note(self, text, times=1):
        self.notes[text] = self.notes.get(text, 0) + times

    def ignore(self, why):
        self.count["records"] += 1
        self.count["ignored"] += 1
        self.note("ignored: " + why)

    def reject(self, why):
        self.count["records"] += 1
        self.count["rejected"] += 1
        self.note("rejected: " + why)

    def tokens(self, usage):
        for name in COUNTS:
            if usage.get(name) is not None:
                self.sums[name] = (self.sums[name] or 0) + usage[name]

    def money(self, cost):
        if cost is not None:
            self.cost = (self.cost or Decimal(0)) + Decimal(str(cost))

    def bucket(self, usage):
        self.count["records"] += 1
        self.count["buckets"] += 1
        self.tokens(usage)

    def charge(self, cost):
        self.count["records"] += 1
        self.count["charges"] += 1
        self.money(cost)

    def call(self, usage, identity=None, made=None, cost=None, children=(), why_unknown=None):
        """Section 14 (dedup key) with choice 1."""
        self.count["records"] += 1
        if identity is not None:
            stated = (tuple(usage.get(name) for name in COUNTS), made)
            before = self.seen.setdefault(identity, [])
            if stated in before:
                self.count["duplicates"] += 1
                self.note("duplicates: the same answer restated under its id")
                return
            if before:
                self.note("one id for different answers (placeholder ids): calls that an id-only key would lose")
            before.append(stated)
            self.keys.append((str(identity), stated[0]))
        self.count["calls"] += 1
        self.count["children"] += len(children)
        if all(usage.get(name) is None for name in COUNTS):
            self.note("calls of unknown usage: " + (why_unknown or "no usage stated"))
        else:
            self.known["usage"] += 1
            self.known["cache"] += usage.get("cache_read") is not None
        self.tokens(usage)
        for child in children:
            self.tokens(child)
        self.money(cost)

    def row(self, path):
        count = self.count
        assert count["records"] == sum(
            count[name] for name in "calls duplicates ignored rejected buckets charges".split()
        ), path
        notes = [text if times == 1 else f"{text} ({times})" for text, times in self.notes.items()]
        if self.known["usage"] and self.known["cache"] < self.known["usage"]:
            notes.append(f"cache read stated by {self.known['cache']} of {self.known['usage']} calls with usage")
        cells = {"path": path, "format": self.kind, "note": "; ".join(notes)}
        for name in COLUMNS[2:10]:
            cells[name] = count[name]
        for name in COUNTS:
            cells[name] = "" if self.sums[name] is None else self.sums[name]
        cells["logged_cost_usd"] = "" if self.cost is None else format(self.cost.normalize(), "f")
        return cells


# ---------------------------------------------------------------- usage blocks, one per body shape


def openai_usage(usage, tally=None):
    """Sections 0.1-0.3 and 1: prompt includes cached and written, completion includes reasoning.
    DeepSeek, Groq, Mistral, OpenRouter, Azure have the same block (section 11 for its traps)."""
    if not isinstance(usage, dict):
        return dict(UNKNOWN)
    prompt = first(usage, "prompt_tokens", "input_tokens")
    output = first(usage, "completion_tokens", "output_tokens")
    read_in = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    read_out = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    cached = first(read_in, "cached_tokens")
    if cached is None:
        cached = first(usage, "prompt_cache_hit_tokens", "num_cached_tokens")
        if cached is not None and tally and "num_cached_tokens" in usage:
            tally.note("cache read from num_cached_tokens")
    written = first(read_in, "cache_write_tokens", "cache_creation_tokens")
    reasoning = first(read_out, "reasoning_tokens")
    total = first(usage, "total_tokens")
    if reasoning and output is not None and prompt is not None and total is not None:
        if total != prompt + output and total == prompt + output + reasoning:
            output += reasoning
            if tally:
                tally.note("reasoning stands beside completion by the total (added to output)")
    if reasoning is not None and output is not None and reasoning > output:
        if tally:
            tally.note(f"reasoning above output: cut from {reasoning} to {output}")
        reasoning = output
    if prompt is not None and (cached or 0) + (written or 0) > prompt and tally:
        tally.note("cached + written above the prompt: kept as stated, uncached 0")
    return {"input": prompt, "cache_read": cached, "cache_write": written, "output": output, "reasoning": reasoning}


def anthropic_usage(usage):
    """Section 2: input_tokens is what was NOT cached; three fields make the prompt."""
    if not isinstance(usage, dict) or first(usage, "input_tokens", "output_tokens") is None:
        return dict(UNKNOWN)
    read = first(usage, "cache_read_input_tokens")
    written = first(usage, "cache_creation_input_tokens")
    if written is None and isinstance(usage.get("cache_creation"), dict):
        written = add(*(whole(value) for value in usage["cache_creation"].values()))
    return {
        "input": add(first(usage, "input_tokens"), read, written),
        "cache_read": read,
        "cache_write": written,
        "output": first(usage, "output_tokens"),
        "reasoning": first(usage.get("output_tokens_details") or {}, "thinking_tokens"),
    }


def anthropic_children(usage, tally):
    """Section 2, trap 2: iterations not in the top level are calls of their own. The top level is
    the sum of the `message` iterations, or the `fallback_message` that answered."""
    iterations = (usage or {}).get("iterations") or []
    kinds = {step.get("type") for step in iterations}
    served = {"fallback_message"} if "fallback_message" in kinds else {"message"}
    children = []
    for step in iterations:
        if step.get("type") not in served:
            children.append(anthropic_usage(step))
            part = children[-1]
            tally.note(f"child: {step.get('type')} iteration beside the top level, input {part['input']} output {part['output']}")
    top = anthropic_usage(usage)
    inside = [anthropic_usage(step) for step in iterations if step.get("type") in served]
    if inside:
        for name in ("input", "output"):
            if add(*(step[name] for step in inside)) != top[name]:
                tally.note(f"top-level {name} is not the sum of its iterations")
    return children


def converse_usage(usage):
    """Section 0.2: Bedrock Converse counts are exclusive; ...TokenCount restates ...Tokens."""
    if not isinstance(usage, dict):
        return dict(UNKNOWN)
    read = first(usage, "cacheReadInputTokens", "cacheReadInputTokenCount")
    written = first(usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    return {
        "input": add(first(usage, "inputTokens"), read, written),
        "cache_read": read,
        "cache_write": written,
        "output": first(usage, "outputTokens"),
        "reasoning": None,
    }


def gemini_usage(usage, tally=None):
    """Sections 0.3 and 10: candidates leave thoughts out, tool-use prompt is input, prompt has cached."""
    prompt = first(usage, "promptTokenCount")
    candidates = first(usage, "candidatesTokenCount")
    thoughts = first(usage, "thoughtsTokenCount")
    if prompt is None and candidates is None:
        return dict(UNKNOWN)
    tool = first(usage, "toolUsePromptTokenCount")
    output = add(candidates, thoughts)
    total = first(usage, "totalTokenCount")
    if output is None and total == add(prompt, tool):
        output = 0
    if total is not None and total != add(prompt, tool, output) and tally:
        tally.note("total is not prompt + candidates + thoughts + tool use")
    return {
        "input": add(prompt, tool),
        "cache_read": first(usage, "cachedContentTokenCount"),
        "cache_write": None,
        "output": output,
        "reasoning": thoughts,
    }


# ---------------------------------------------------------------- answers


def is_error(body):
    return isinstance(body, dict) and (
        body.get("type") == "error" or (body.get("error") and not body.get("object") and not body.get("id"))
    )


def answer(tally, body, made=None):
    """One whole answer body: detection rows 22-25. False when it has no known shape."""
    if not isinstance(body, dict):
        return False
    identity = body.get("id")
    if body.get("object") == "response":
        why = f"response status {body.get('status')}"
        tally.call(openai_usage(body.get("usage"), tally), identity, body.get("created_at"),
                   (body.get("usage") or {}).get("cost"), why_unknown=why)
    elif "choices" in body:
        tally.call(openai_usage(body.get("usage"), tally), identity, body.get("created"),
                   (body.get("usage") or {}).get("cost"))
    elif body.get("type") == "message":
        usage = body.get("usage")
        tally.call(anthropic_usage(usage), identity, children=anthropic_children(usage, tally))
    elif "candidates" in body or "usageMetadata" in body:
        why = "prompt blocked" if body.get("promptFeedback") else None
        tally.call(gemini_usage(body.get("usageMetadata") or {}, tally), body.get("responseId"), why_unknown=why)
    elif "output" in body and "stopReason" in body:
        tally.call(converse_usage(body.get("usage")))
    elif body.get("object") == "list" and (body.get("data") or [{}])[0].get("object") == "embedding":
        tally.call(openai_usage(body.get("usage"), tally))
    elif "embedding" in body or "embeddings" in body:
        # Bedrock invoke, each vendor its own shape: Titan counts its input, Cohere and Nova do not.
        usage = dict(UNKNOWN, input=first(body, "inputTextTokenCount"))
        tally.call(usage, why_unknown="embedding body without counts")
    else:
        return False
    return True


def events_of(text):
    """Server-sent events, or one event a line. Comments and [DONE] are no events. None = broken JSON."""
    events = []
    for line in text.split("\n"):
        line = line.strip()
        if line.startswith("data:"):
            line = line[5:].strip()
        elif not line.startswith("{"):
            continue
        if not line or line == "[DONE]":
            continue
        try:
            events.append(parsed(line))
        except ValueError:
            events.append(None)
    return events


def streams_of(events):
    """Cuts a file of events into streams: a new start event with another id, or another chunk id.
    Event ids of Responses may rotate inside one stream, so there only response.created cuts."""
    streams, current = [], object()
    for event in events:
        if event.get("type") == "message_start":
            key = event["message"].get("id")
        elif event.get("type") == "response.created":
            key = ("created", len(streams))
        elif event.get("object") == "chat.completion.chunk":
            key = event.get("id") or current  # Azure's first chunk (filter results) has an empty id
            if streams and key != current and not any(part.get("id") for part in streams[-1]):
                current = key
        elif "responseId" in event:
            key = event["responseId"]
        else:
            key = current if streams else None
        if not streams or key != current:
            streams.append([])
            current = key
        streams[-1].append(event)
    return streams


def stream(tally, events):
    """Rule 6: the LAST usage seen. Anthropic's delta is cumulative, so it overrides field by field;
    Gemini's last chunk with counts stands alone; OpenAI's usage is in any chunk, once."""
    head = events[0]
    kinds = {event.get("type") for event in events}
    if "message_start" in kinds:
        usage, identity = {}, None
        for event in events:
            if event.get("type") == "message_start":
                identity = event["message"].get("id")
                usage.update(event["message"].get("usage") or {})
            elif event.get("type") == "message_delta":
                usage.update({name: value for name, value in (event.get("usage") or {}).items() if value is not None})
        if "message_delta" not in kinds:
            if "message_stop" in kinds:
                tally.note("stream without message_delta: counted as its start says")
            else:
                tally.note("stream cut off: output unknown (its start's count left out)")
                usage.pop("output_tokens", None)
        tally.call(anthropic_usage(usage), identity, children=anthropic_children(usage, tally))
    elif any(str(kind).startswith("response.") for kind in kinds):
        answers = [event["response"] for event in events if isinstance(event.get("response"), dict)]
        stated = [body for body in answers if body.get("usage")]
        last = (stated or answers)[-1]
        tally.call(openai_usage(last.get("usage"), tally), last.get("id"), last.get("created_at"),
                   (last.get("usage") or {}).get("cost"), why_unknown=f"stream ended {last.get('status')}")
    elif head.get("object") == "chat.completion.chunk" or "choices" in head:
        stated = [event["usage"] for event in events if event.get("usage")]
        stated += [event["x_groq"]["usage"] for event in events if (event.get("x_groq") or {}).get("usage")][:0 if stated else None]
        usage = stated[-1] if stated else None
        tally.call(openai_usage(usage, tally), head.get("id") or events[-1].get("id"), head.get("created"),
                   (usage or {}).get("cost"), why_unknown="stream without usage")
    elif any("usageMetadata" in event for event in events):
        stated = [event["usageMetadata"] for event in events if first(event.get("usageMetadata") or {}, "promptTokenCount") is not None]
        tally.call(gemini_usage(stated[-1] if stated else {}, tally), head.get("responseId"))
    elif any(name in event for event in events for name in ("messageStop", "contentBlockDelta", "contentBlockStart")):
        stated = [event["metadata"]["usage"] for event in events if (event.get("metadata") or {}).get("usage")]
        tally.call(converse_usage(stated[-1] if stated else None), why_unknown="stream without metadata event")
    else:
        return False
    return True


MODEL_ENDPOINT = re.compile(
    r"(chat/completions|/responses|/messages|/embeddings|/converse|/converse-stream|/invoke|:generateContent|:streamGenerateContent)$"
)


def exchange(tally, record):
    """Section 1 (b)-(d): a request and its answer. An error with its request is a failed call."""
    url = record["request"].get("url", "").split("?")[0].split("#")[0]
    response = record["response"]
    body, status = response.get("body"), response.get("status")
    if not MODEL_ENDPOINT.search(url):
        tally.ignore("endpoint that runs no model")
    elif status is not None and status >= 400:
        tally.call(dict(UNKNOWN), why_unknown=f"failed, HTTP {status}")
    elif isinstance(body, str):
        events = events_of(body)
        assert None not in events
        parts = streams_of(events)
        assert len(parts) == 1, url
        assert stream(tally, parts[0]), url
    else:
        assert answer(tally, body), url


def stream_file(tally, text):
    events = events_of(text)
    if None in events:
        tally.reject("stream whose first and last event (id, usage) are broken JSON; else a call of unknown usage")
        return
    for part in streams_of(events):
        assert stream(tally, part)


# ---------------------------------------------------------------- batches and stored answers


def batch(tally, record):
    """Section 1, Batch: output line = answer; input line = request half, nothing here to join it to."""
    if "method" in record and "body" in record:
        tally.ignore("request half of a batch")
    elif record.get("response"):
        status = record["response"].get("status_code")
        if status is not None and status >= 400:
            tally.call(dict(UNKNOWN), why_unknown=f"failed, HTTP {status}")
        else:
            assert answer(tally, record["response"]["body"])
    else:
        tally.call(dict(UNKNOWN), why_unknown="batch error without answer (or ignored: never run)")


# ---------------------------------------------------------------- agent session logs


def claude_code(tally, records):
    """Section 3a: only assistant lines with message.usage; key message.id + requestId, the id alone
    where requestId is missing; of restated lines the largest total counts."""
    kept = OrderedDict()
    for record in records:
        message = record.get("message") if isinstance(record.get("message"), dict) else {}
        usage = message.get("usage")
        assistant = record.get("type", message.get("role")) == "assistant"
        if not assistant or not isinstance(usage, dict):
            tally.ignore("line that is no answer")
            continue
        if record.get("isApiErrorMessage") or message.get("model") == "<synthetic>":
            tally.ignore("synthetic answer")
            continue
        key = (message.get("id"), record.get("requestId"))
        counts = anthropic_usage(usage)
        size = (counts["input"] or 0) + (counts["output"] or 0)
        if key in kept:
            tally.count["records"] += 1
            tally.count["duplicates"] += 1
            tally.note("duplicates: one line per content block of an answer")
            if size <= kept[key][0]:
                continue
        kept[key] = (size, counts, anthropic_children(usage, tally), record.get("costUSD"))
    for key, (_, counts, children, cost) in kept.items():
        tally.call(counts, key[0], cost=cost, children=children)


def codex(tally, records):
    """Section 3b: a token_count event counts when the cumulative total moved; last_token_usage is the
    split, else the difference. Input includes cached, output includes reasoning."""
    names = ("input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens", "reasoning_output_tokens")
    previous = None
    for record in records:
        payload = record.get("payload") or {}
        if payload.get("type") != "token_count":
            tally.ignore("line that is no token count")
            continue
        info = payload.get("info")
        if not info:
            tally.ignore("token count without info")
            continue
        total, last = info.get("total_token_usage"), info.get("last_token_usage")
        if total is not None:
            size = first(total, "total_tokens")
            before = first(previous, "total_tokens") if previous else None
            if before is not None and size == before:
                tally.ignore("token count whose total did not move")
                continue
            if before is not None and size < before:
                tally.ignore("token count whose total fell (else: a counter that began anew)")
                continue
            if last is None:
                last = {name: whole(total.get(name)) - (first(previous, name) or 0 if previous else 0)
                        for name in names if whole(total.get(name)) is not None}
            previous = total
        tally.call(dict(zip(COUNTS, (first(last, name) for name in names))))


def gemini_cli(tally, document):
    """Section 3c: messages of type gemini; input has cached, output leaves thoughts out, tool is prompt."""
    for message in document["messages"]:
        if message.get("type") != "gemini":
            tally.ignore("message that is no answer")
            continue
        tokens = message.get("tokens")
        if tokens is None:
            tally.call(dict(UNKNOWN), why_unknown="answer without tokens")
        elif any(isinstance(value, bool) for value in tokens.values()):
            tally.reject("token counts that are no numbers")
        else:
            thoughts = first(tokens, "thoughts")
            usage = {
                "input": add(first(tokens, "input"), first(tokens, "tool")),
                "cache_read": first(tokens, "cached"),
                "cache_write": None,
                "output": add(first(tokens, "output"), thoughts),
                "reasoning": thoughts,
            }
            total = first(tokens, "total")
            if total is not None and total != usage["input"] + usage["output"]:
                tally.note("stated total is not input + tool + output + thoughts (it adds cached once more)")
            tally.call(usage)


# ---------------------------------------------------------------- tracers


def langfuse(tally, document):
    """Section 7: GENERATION and EMBEDDING only. All keys but total add up to total -> disjoint keys;
    else dotted keys are subsets of input and output."""
    for item in document["observations"]:
        if item.get("type") not in ("GENERATION", "EMBEDDING"):
            tally.ignore("observation that is no generation")
            continue
        details = {name: whole(value) for name, value in (item.get("usageDetails") or {}).items()}
        total = details.pop("total", None)
        disjoint = total == sum(details.values())
        read = [name for name in details if re.search(r"cache_read|cached", name)]
        wrote = [name for name in details if re.search(r"cache_(creation|write)", name)]
        thought = [name for name in details if "reasoning" in name]
        value = lambda keys: add(*(details[key] for key in keys))
        prompt, output = details.get("input"), details.get("output")
        if disjoint:
            dotted = [name for name in details if "." in name and details[name]]
            assert not dotted
            others_in = [name for name in details if name.startswith("input_")]
            others_out = [name for name in details if name.startswith("output_")]
            prompt, output = add(prompt, value(others_in)), add(output, value(others_out))
        tally.call({"input": prompt, "cache_read": value(read), "cache_write": value(wrote),
                    "output": output, "reasoning": value(thought)}, cost=item.get("totalCost"))
    tally.note("cost is the tracer's estimate")


def attribute(value):
    for name, inner in (value or {}).items():
        return whole(inner) if name == "intValue" else inner
    return None


def span_usage(names):
    """Section 9: current and older names; inclusive."""
    return {
        "input": first(names, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"),
        "cache_read": first(names, "gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read"),
        "cache_write": first(names, "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
                             "llm.token_count.prompt_details.cache_write"),
        "output": first(names, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion"),
        "reasoning": first(names, "gen_ai.usage.reasoning.output_tokens", "llm.token_count.completion_details.reasoning"),
    }


def otlp(tally, record):
    """Section 9, trap 1: model-call spans only; invoke_agent and its like restate their children. A span
    without operation or kind is a model call when it names a model and counts tokens."""
    for resource in record["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                names = {item["key"]: attribute(item["value"]) for item in span.get("attributes", [])}
                operation = names.get("gen_ai.operation.name")
                kind = names.get("openinference.span.kind")
                model = any(name in names for name in ("gen_ai.request.model", "gen_ai.response.model", "llm.model_name"))
                if operation:
                    call = operation in ("chat", "text_completion", "generate_content", "embeddings")
                elif kind:
                    call = kind in ("LLM", "EMBEDDING")
                else:
                    call = model
                if call:
                    if not span.get("startTimeUnixNano"):
                        tally.note("span without id and time")
                    tally.call(span_usage(names), names.get("gen_ai.response.id") or span.get("spanId"))
                else:
                    tally.ignore("span that restates its children")


def phoenix(tally, spans):
    """Section 9, Phoenix: span_kind LLM or EMBEDDING; prompt is inclusive."""
    for span in spans:
        if span["span_kind"] in ("LLM", "EMBEDDING"):
            tally.call(span_usage(span["attributes"]), span["context"]["span_id"])
        else:
            tally.ignore("span that is no model call")


# ---------------------------------------------------------------- gateways and cloud logs


def litellm(tally, record):
    """Section 6: prompt_tokens inclusive; split in metadata.usage_object or response.usage; spend in USD."""
    metadata = record.get("metadata")
    metadata = parsed(metadata) if isinstance(metadata, str) else metadata or {}
    block = metadata.get("usage_object") or (record.get("response") or {} if isinstance(record.get("response"), dict) else {}).get("usage") or {}
    usage = openai_usage(block)
    usage["input"], usage["output"] = first(record, "prompt_tokens"), first(record, "completion_tokens")
    tally.call(usage, record.get("request_id") or record.get("id"), cost=record.get("spend", record.get("response_cost")))


def bedrock_log(tally, record):
    """Section 10: inputTokenCount excludes cache; requestId is the key."""
    into, out = record.get("input") or {}, record.get("output") or {}
    read, written = first(into, "cacheReadInputTokenCount"), first(into, "cacheWriteInputTokenCount")
    inner = converse_usage((out.get("outputBodyJson") or {}).get("usage"))
    usage = {
        "input": add(first(into, "inputTokenCount"), read, written),
        "cache_read": read if read is not None else inner["cache_read"],
        "cache_write": written if written is not None else inner["cache_write"],
        "output": first(out, "outputTokenCount"),
        "reasoning": None,
    }
    tally.call(usage, record.get("requestId"))


def azure_log(tally, record):
    """Section 10: RequestResponse has no tokens; API-gateway lines hold the answer's body as text."""
    properties = record.get("properties")
    properties = parsed(properties) if isinstance(properties, str) else properties or {}
    if record["category"] == "GatewayLogs" and properties.get("backendResponseBody"):
        assert answer(tally, parsed(properties["backendResponseBody"]))
    elif not properties.get("modelName") and not properties.get("modelDeploymentName"):
        tally.ignore("operation that runs no model")
    else:
        tally.call(dict(UNKNOWN), (record.get("correlationId"), record.get("time")),
                   why_unknown="this log has no token counts")


def tracelab(tally, record):
    """Section 13: prefix = cache hit; total and output as stated; writes for Claude rounds only."""
    tally.call({
        "input": first(record, "input_tokens_total"),
        "cache_read": first(record, "prefix_tokens"),
        "cache_write": first(record, "claude_cache_creation_input_tokens"),
        "output": first(record, "output_tokens"),
        "reasoning": first(record, "reasoning_output_tokens"),
    }, record["round_id"])


# ---------------------------------------------------------------- buckets and bills


def openai_page(tally, page):
    """Section 4: input_tokens is the whole prompt; modality fields are a second cut of the same tokens."""
    for bucket in page["data"]:
        for result in bucket["results"]:
            if result["object"] == "organization.costs.result":
                tally.kind = "openai-costs"
                tally.charge(result["amount"]["value"])
            else:
                tally.bucket({
                    "input": first(result, "input_tokens"),
                    "cache_read": first(result, "input_cached_tokens"),
                    "cache_write": first(result, "input_cache_write_tokens"),
                    "output": first(result, "output_tokens"),
                    "reasoning": None,
                })
    if page.get("has_more"):
        tally.note("has_more: the export is cut off")


def anthropic_page(tally, page):
    """Section 5: disjoint counts; cost_report amounts are decimal strings in CENTS."""
    for bucket in page["data"]:
        for result in bucket["results"]:
            if "amount" in result:
                tally.kind = "anthropic-cost-report"
                tally.charge(Decimal(result["amount"]) / 100)
            else:
                written = add(*(whole(value) for value in result["cache_creation"].values()))
                read = first(result, "cache_read_input_tokens")
                tally.bucket({"input": add(first(result, "uncached_input_tokens"), read, written), "cache_read": read,
                              "cache_write": written, "output": first(result, "output_tokens"), "reasoning": None})
    if page.get("has_more"):
        tally.note("has_more: the export is cut off")


def table(text):
    """CSV by its header set (detection table of CSV)."""
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    header = set(next(csv.reader(io.StringIO(text.lstrip("\ufeff")))))
    if {"usage_date_utc", "usage_input_tokens_no_cache"} <= header:
        tally = Tally("anthropic-console-usage")
        for row in rows:
            read = first(row, "usage_input_tokens_cache_read")
            written = add(first(row, "usage_input_tokens_cache_write_5m"), first(row, "usage_input_tokens_cache_write_1h"))
            tally.bucket({"input": add(first(row, "usage_input_tokens_no_cache"), read, written), "cache_read": read,
                          "cache_write": written, "output": first(row, "usage_output_tokens"), "reasoning": None})
    elif {"usage_date_utc", "token_type", "cost_usd"} <= header:
        tally = Tally("anthropic-console-cost")
        for row in rows:
            tally.charge(row["cost_usd"])
    elif "n_context_tokens_total" in header:
        tally = Tally("openai-dashboard-csv")
        for row in rows:
            tally.bucket(dict(UNKNOWN, input=first(row, "n_context_tokens_total"), output=first(row, "n_generated_tokens_total")))
    elif {"start_time_iso", "end_time_iso"} <= header:
        tally = Tally("openai-dashboard-csv")
        for row in rows:
            assert "input_tokens" not in row
            tally.ignore("row of an empty export (times only)")
    elif {"model_permaslug", "tokens_prompt"} <= header:
        tally = Tally("openrouter-activity")
        if not rows:
            tally.note("header only: recognised and empty")
        for row in rows:
            tally.call({"input": first(row, "tokens_prompt"), "cache_read": first(row, "tokens_cached"), "cache_write": None,
                        "output": first(row, "tokens_completion"), "reasoning": first(row, "tokens_reasoning")},
                       row.get("generation_id"), cost=row["cost_total"])
    else:
        tally = Tally("unknown")
    return tally


# ---------------------------------------------------------------- which family


def document(body):
    """A file that is one JSON value."""
    if isinstance(body, list):
        if body and "span_kind" in body[0] and "trace_id" in body[0].get("context", {}):
            tally = Tally("openinference-spans")
            phoenix(tally, body)
            return tally
        return None
    if body.get("object") == "page":
        tally = Tally("openai-usage")
        openai_page(tally, body)
    elif isinstance(body.get("data"), list) and body["data"] and "starting_at" in body["data"][0]:
        tally = Tally("anthropic-usage")
        anthropic_page(tally, body)
    elif body.get("object") == "list" and (body.get("data") or [{}])[0].get("object") == "chat.completion":
        tally = Tally("stored-completions")
        for item in body["data"]:
            answer(tally, item)
    elif isinstance(body.get("observations"), list):
        tally = Tally("langfuse")
        langfuse(tally, body)
    elif isinstance(body.get("messages"), list) and ("projectHash" in body or any(m.get("type") == "gemini" for m in body["messages"])):
        tally = Tally("gemini-cli")
        gemini_cli(tally, body)
    elif is_error(body):
        tally = Tally("exchange")
        tally.ignore("error body without its request")
    else:
        tally = Tally("exchange")
        if answer(tally, body):
            tally.note("answer body alone")
        else:
            return None
    return tally


def lines(records, broken):
    """A file of one JSON object a line, by the first object that tells (detection table of JSON)."""
    def any_has(*names):
        return any(all(name in record for name in names) for record in records)

    each = None
    if any_has("resourceSpans"):
        tally, each = Tally("otlp"), otlp
    elif any(record.get("schemaType") == "ModelInvocationLog" for record in records):
        tally, each = Tally("bedrock-invocation-log"), bedrock_log
    elif any_has("category", "operationName", "resourceId"):
        tally, each = Tally("azure-openai-diagnostic"), azure_log
    elif any_has("request_id", "spend", "call_type"):
        tally, each = Tally("litellm-spend"), litellm
    elif any_has("call_type", "response_cost", "model_map_information"):
        tally, each = Tally("litellm-payload"), litellm
    elif any_has("custom_id"):
        tally, each = Tally("openai-batch"), batch
    elif any(record.get("type") in ("session_meta", "turn_context") and isinstance(record.get("payload"), dict) for record in records):
        tally = Tally("codex")
        codex(tally, records)
    elif any_has("request", "response"):
        tally, each = Tally("exchange"), exchange
    elif any_has("round_id", "newly_append_tokens"):
        tally, each = Tally("tracelab"), tracelab
    elif any("sessionId" in record and isinstance(record.get("message"), dict) and "role" in record["message"] for record in records):
        tally = Tally("claude-code")
        claude_code(tally, records)
    else:
        tally = Tally("unknown")
        holds = sum(isinstance(record.get("usage"), dict) for record in records)
        tally.note(f"no format text describes it (pi session); {holds} of its lines hold usage, {broken} broken line; refused, nothing counted")
        return tally
    if each:
        for record in records:
            each(tally, record)
    for _ in range(broken):
        tally.reject("line that is no JSON object")
    return tally


def read(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return table(text)
    if path.name.endswith(".chunks.txt") or path.suffix == ".sse":
        tally = Tally("event-stream")
        stream_file(tally, text)
        return tally
    try:
        body = parsed(text)
    except ValueError:
        body = None
    tally = document(body) if body is not None else None
    if tally is not None:
        return tally
    records, broken = [], 0
    for line in [text] if body is not None else text.split("\n"):
        if line.strip():
            try:
                value = parsed(line)
            except ValueError:
                value = None
            if isinstance(value, dict):
                records.append(value)
            else:
                broken += 1
    return lines(records, broken)


def main(arguments):
    root = Path(arguments[0])
    rows, keys = [], {}
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(root).as_posix()
        if path.name == "SOURCE.md":
            tally = Tally("unknown")
            tally.note("prose about the folder, holds no calls")
        else:
            tally = read(path)
        rows.append(tally.row(name))
        for key in tally.keys:
            keys.setdefault(key, []).append(name)
    if "--across" in arguments:
        for (identity, _), names in sorted(keys.items(), key=lambda item: item[1]):
            if len(names) > 1:
                print(" = ".join(names))
        return
    if "--folders" in arguments:
        folders = OrderedDict()
        for row in rows:
            folders.setdefault(row["path"].split("/")[0], []).append(row)
        for folder, members in folders.items():
            total = {name: sum(Decimal(str(row[name] or 0)) for row in members) for name in COLUMNS[2:16]}
            print(folder, "files", len(members), *(f"{name}={value}" for name, value in total.items() if value))
        return
    out = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    out.writeheader()
    out.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
