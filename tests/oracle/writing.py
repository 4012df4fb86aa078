"""Writes logs: records in two providers' shapes, with the tokens that they bill."""

import datetime
import json
import pathlib
from fractions import Fraction

from measuring import MESSAGE_OVERHEAD, SECOND, count
from words import WORDS

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "techniques"
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
# Monday, 2 March 2026, midnight UTC.
START = int(datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc).timestamp()) * SECOND


class Numbers:
    """A linear congruential generator with Knuth's constants."""

    def __init__(self, state):
        self.state = state

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit

    def words(self, many, among=WORDS):
        return "".join(" " + among[self.below(len(among))] for _ in range(many))


def stamp(micros):
    whole = datetime.datetime.fromtimestamp(micros // SECOND, tz=datetime.timezone.utc)
    return whole.strftime("%Y-%m-%dT%H:%M:%S") + f".{micros % SECOND // 1000:03d}Z"


class World:
    def __init__(self, name, sequence, scale=Fraction(1)):
        self.name, self.numbers, self.scale = name, Numbers(sequence), scale
        self.records = []

    def billed(self, texts, messages):
        """What the provider bills for so many texts in so many messages."""
        tokens = (sum(count(text) for text in texts) + MESSAGE_OVERHEAD * messages) * self.scale
        assert tokens.denominator == 1
        return int(tokens)

    def wrap(self, at, feature, provider, options):
        record = {"timestamp": stamp(at), "provider": provider, "feature": feature}
        for label in ("workspace", "user_id", "session_id"):
            if label in options:
                record[label] = options[label]
        record["duration_ms"] = options.get("duration_ms", 2000)
        return record

    def north(self, at, feature, model, messages, answer, system=None, documents=(), mark=None, cached=None, **options):
        """A call in the shape of Anthropic's Messages; `messages` alternate, a user's first."""
        record = self.wrap(at, feature, options.get("provider", "north"), options)
        request = {"model": model, "max_tokens": options.get("max_tokens", 4096)}
        if options.get("temperature") is not None:
            request["temperature"] = options["temperature"]
        if options.get("stream"):
            request["stream"] = True
        texts, sent = [], []
        if system is not None:
            texts.append(system)
            request["system"] = system
            if mark:
                request["system"] = [{"type": "text", "text": system, "cache_control": {"type": "ephemeral", "ttl": mark}}]
        for turn, message in enumerate(messages):
            parts = message if isinstance(message, list) else [message]
            texts.extend(parts)
            content = parts[0] if len(parts) == 1 else [{"type": "text", "text": part} for part in parts]
            sent.append({"role": "assistant" if turn % 2 else "user", "content": content})
        if documents:
            texts.extend(documents)
            given = [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}} for text in documents]
            sent[0]["content"] = given + [{"type": "text", "text": sent[0]["content"]}]
        request["messages"] = sent
        whole = self.billed(texts, len(messages) + (system is not None))
        read, written = cached or (0, 0)
        record["request"] = request
        record["response"] = {
            "id": f"msg_{len(self.records):04d}", "type": "message", "role": "assistant", "model": model,
            "content": [{"type": "text", "text": answer}], "stop_reason": options.get("finish", "end_turn"),
            "usage": {"input_tokens": whole - read - written, "cache_creation_input_tokens": written,
                      "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
                      "cache_read_input_tokens": read, "output_tokens": options.get("output", self.billed([answer], 0))},
        }
        if "lane" in options:
            record["response"]["usage"]["service_tier"] = options["lane"]
        self.records.append((at, record))

    def south(self, at, feature, model, messages, answer, system=None, cached=0, **options):
        """A call in the shape of Chat Completions."""
        record = self.wrap(at, feature, "south", options)
        sent = [] if system is None else [{"role": "system", "content": system}]
        texts = [] if system is None else [system]
        for turn, message in enumerate(messages):
            texts.append(message)
            sent.append({"role": "assistant" if turn % 2 else "user", "content": message})
        whole, output = self.billed(texts, len(sent)), self.billed([answer], 0)
        record["request"] = {"model": model, "messages": sent}
        if options.get("temperature") is not None:
            record["request"]["temperature"] = options["temperature"]
        record["response"] = {
            "id": f"chatcmpl-{len(self.records):04d}", "object": "chat.completion", "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": whole, "completion_tokens": output, "total_tokens": whole + output,
                      "prompt_tokens_details": {"cached_tokens": cached}},
        }
        self.records.append((at, record))

    def write(self):
        self.records.sort(key=lambda pair: (pair[0], pair[1]["response"]["id"]))
        path = FOLDER / self.name / "log.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(record, separators=(",", ":")) + "\n" for _, record in self.records)
        path.write_text(text, encoding="utf-8")
        print(f"{self.name}: {len(self.records)} calls, {len(text)} bytes")


def automatic(cache, at, texts):
    """What `south` reads: the longest run of opening pieces used in the last five minutes, in steps."""
    upto, longest, opening = 0, 0, ()
    for text in texts:
        words = text.split(" ")[1:]
        for first in range(0, len(words), 64):
            piece = words[first:first + 64]
            upto += len(piece) + (MESSAGE_OVERHEAD if first + 64 >= len(words) else 0)
            opening += (" ".join(piece), first + 64 >= len(words))
            used = cache.get(opening)
            if used is not None and at - used <= 300 * SECOND:
                longest = upto
            cache[opening] = at
    read = longest // 128 * 128
    return read if read >= 256 else 0
