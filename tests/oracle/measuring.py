"""Tokens of texts that are made of `words.py`, what rewriting them without loss
would save, and how integers are shared out and rounded."""

import json
import re
from fractions import Fraction

MESSAGE_OVERHEAD = 4
SECOND = 1_000_000
DAY = 86_400 * SECOND

WORD = re.compile(r" ?[a-z]+|[A-Z]|\d{1,3}|\n+|[\[\],:\-]| ")


def words_of(text):
    """The tokens of a text of our own making, each as its letters."""
    found, at = [], 0
    for match in WORD.finditer(text):
        if match.start() != at:
            break
        found.append(match.group())
        at = match.end()
    if at != len(text):
        raise SystemExit(f"no rule counts the tokens of {text[at:at + 20]!r}")
    return found


def count(text):
    return len(words_of(text))


def minified_json(text):
    text = text.strip()
    if text[:1] not in ("{", "["):
        return None
    try:
        json.loads(text)
    except ValueError:
        return None
    return re.sub(r'("(?:\\.|[^"\\])*")|\s+', lambda match: match.group(1) or "", text)


def without_repeats(text):
    seen, kept = set(), []
    for passage in re.findall(r".*?\n\n|.+\Z", text, re.S):
        content = passage.strip()
        if len(content.encode()) >= 80:
            if content in seen:
                continue
            seen.add(content)
        kept.append(passage)
    return "".join(kept)


def collapsed(text):
    lines, blank = [], 0
    for line in text.split("\n"):
        line = line.rstrip()
        blank = 0 if line else blank + 1
        if blank > 1:
            continue
        body = line.lstrip()
        lines.append(line[:len(line) - len(body)] + re.sub(" {2,}", " ", body))
    return "\n".join(lines)


def removable(text):
    """Tokens that rewriting without loss takes off a text."""
    tokens = count(text)
    if tokens < 16:
        return 0
    minified = minified_json(text)
    if minified is not None:
        return tokens - min(tokens, count(minified))
    return tokens - min(tokens, count(collapsed(without_repeats(text))))


def largest_remainder(weights, total):
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [weight * total // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda at: (-(weights[at] * total % whole), at))
    for at in order[:total - sum(shares)]:
        shares[at] += 1
    return shares


def half_even(value):
    """A fraction rounded to an integer, half to even."""
    return round(Fraction(value))


def quantile(values, share):
    """The ceil(share x n)-th smallest."""
    values = sorted(values)
    rank = -(-(Fraction(share) * len(values)) // 1)
    return values[int(rank) - 1]
