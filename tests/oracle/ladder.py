#!/usr/bin/env python3
"""The cost function of the savings ladder, worked out a second time.

Reads a log of request/response pairs and a price file and prints C(S) for all
256 sets of techniques, exactly, by the written method alone. Nothing of the
product's own computation was looked at or is used; only how a log is read
(pieces, components, conversations) follows its documentation. Meant for logs
of at most a thousand calls whose texts are made of `words.py`.

    python3 tests/oracle/ladder.py [LOG] [--prices PRICES] [--details]

Where the method leaves a choice, the one taken here is in CHOICES.
"""

import argparse
import json
import pathlib
import sys
from fractions import Fraction

sys.dont_write_bytecode = True

from log import by_component, families, read_log, units_of
from measuring import half_even
from prices import read_prices
from rules import Profile
from unit import Unit

CHOICES = """
1. Calls of the log are sorted by time, then id; a unit's streams keep that order at equal times.
2. Groups of a rule (candidates, caps, brevity, batch, tuning) are feature x model over the whole log, on logged calls.
3. A family's key takes the workspace, else the account; the head's 64 tokens count with its message overhead.
4. Billed tokens of a piece are its local tokens times billed / counted input by largest remainder over the pieces.
5. A unit whose calls A leaves unchanged (no call changed and every stream keeps its policy) costs its bill.
6. The ratio bill / replay of the unit scales the replayed traffic, not the fees; expectation and ratio are rounded together, once.
7. Warm start: only calls with billed reads, under the current policy, unchanged by A, within its lifetime of the log's first call.
8. The policy is chosen anew in every state of an expectation, on the calls with t - t0 <= 0.7 x span of the stream in that state.
9. Policies are tried in the order current, none, head short, head long, full short, full long, mixed; a later one must be cheaper.
10. The current policy of an explicit stream is 'logged' where any of its calls has a mark or the bill shows no cache; marks of a call stand for that call.
11. Look-back: an entry at most 20 content blocks before the breakpoint, both counted as ends of blocks (distance 0 to 20).
12. Documents' end = the end of the last block that is retrieved context in that call; no such block, no such breakpoint.
13. A breakpoint at or before what was read costs nothing and leaves an entry (its tokens are held).
14. A read refreshes every live entry on the path up to what was read; an entry's time of use is the call's start.
15. An automatic provider's entries stand at every piece; the whole prompt may be read; all nodes of a prompt are used anew by it.
16. Calls moved to batch neither read nor write (hit share 0), on automatic providers too; no policy is chosen for calls logged in a batch.
17. Dedup: temperature 0 and temperature not stated are both on; an answer ends at start + latency (unknown: at the start); only finish 'length', errors and removed calls do not serve.
18. Exact repeats are looked up before near ones; near ones only between single-turn calls without tools, of the same provider, model and parameters.
19. Near lookup costs one embedding of the last user text of every call that may be looked up and is no exact repeat, where the unit has a near hit at all.
20. Embeddings cost 0.02 dollars per million tokens (parameter).
21. Router: paid for each conversation with a candidate call left after dedup, at its first such call's standard-lane prices, in both states; it reads that call's first text that is user input.
22. Tuning overrides routing on its features: their calls are routed only for q <= x < share, and without such x they pay no router.
23. A unit needs 2 calls for assumed levers (router, brevity, retrieval, tuning, near repeats).
24. Retrieval is decided per call; its documents become one piece at the place of the first, never equal to another call's.
25. An escalated call is sent twice at the same time: with chunks, then with the documents.
26. The corpus is embedded once per distinct document of the unit's eligible calls; the one-off cost is spread over H = 12 months (no shutdown): cost / H x days / 30.
27. Lossless rewriting applies to every block of the prompt, history too, without a least size; removed tokens leave the pieces of a block by largest remainder.
28. Compaction of history begins with the eleventh turn; logs with such conversations are refused here.
29. Batch: an item that expires and is sent again costs nothing extra (providers do not bill it); embeddings count like other calls.
30. Brevity: visible tokens minus a fifth, the fifth rounded down; 20 tokens as a piece of their own behind the last system piece (in front where there is none).
31. A feature is open text where the answers that ended normally have > 50 distinct or > half distinct texts, median >= 50 tokens, and not every answer is JSON.
32. A cap above the call's max_tokens is not set; p99 over answers that ended normally (stop), whole output.
33. An answer that goes back in its conversation shrinks by as many tokens as the answer lost, whether or not the call was removed.
34. Tuning target: the cheapest model of the provider with a training price and a priced tuned id, not leaving within 90 days of the window's end; 'one head' = equal tools and system.
35. Tuned head: all tokens of tools, system and examples with overhead, 13 % rounded up, one piece equal over the feature; brevity adds its 20 behind it.
36. Training counts the mean of input + output over the feature's logged calls; a third of it a month, x days / 30; hosting 0; in every state.
37. Routing takes the next lower tier that sells a model of the provider, cheapest by input then output price; same-tier refresh needs a second model of the tier, which these price files lack.
38. Quantile rules count every call of the group with an output; shares of errors and length stops over all calls.
39. Batch slots: half hours of the UTC day, adjacent over midnight; 'used on 3 days' = calls in the slots on 3 UTC dates.
""".strip().splitlines()

TECHNIQUES = ["prompt-caching", "model-routing", "embedding-retrieval", "context-compression",
              "batch-api", "output-capping", "semantic-dedup", "fine-tuning"]
WORLDS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "techniques"


def decimal(nano):
    sign, digits = "-" if nano < 0 else "", f"{abs(nano):010d}"
    return (f"{sign}{digits[:-9]}.{digits[-9:]}").rstrip("0").rstrip(".")


def ladder(log, prices_path, details=False):
    prices = read_prices(prices_path)
    calls = read_log(log)
    families(calls)
    profile = Profile(calls, prices)
    units = [Unit(members, profile) for members in units_of(calls)]
    vectors = []
    for unit in units:
        raw = [unit.raw(chosen) for chosen in range(256)]
        best = list(raw)
        for bit in range(8):
            for chosen in range(256):
                if chosen >> bit & 1:
                    best[chosen] = min(best[chosen], best[chosen ^ 1 << bit])
        vectors.append((raw, best))
    totals = [half_even(Fraction(sum(best[chosen] for _, best in vectors), 10**6)) for chosen in range(256)]
    found = {
        "calls": len(calls),
        "input_tokens_by_component": by_component(calls),
        "subset_cost_usd": [decimal(total) for total in totals],
        "standalone_saving_usd": {name: decimal(totals[0] - totals[1 << bit]) for bit, name in enumerate(TECHNIQUES)},
        "units": [],
    }
    for unit, (raw, best) in zip(units, vectors, strict=True):
        used = min((chosen for chosen in range(256) if raw[chosen] == best[255]), key=lambda chosen: (chosen.bit_count(), chosen))
        entry = {
            "calls": len(unit.calls),
            "features": sorted({call.feature for call in unit.calls}),
            "eligible": [name for bit, name in enumerate(TECHNIQUES) if unit.eligible >> bit & 1],
            "used": [name for bit, name in enumerate(TECHNIQUES) if used >> bit & 1],
            "bill_usd": decimal(half_even(Fraction(unit.bill, 10**6))),
            "replayed_usd": decimal(half_even(Fraction(unit.replayed, 10**6))),
            "final_usd": decimal(half_even(Fraction(best[255], 10**6))),
            "alone_usd": {name: decimal(half_even(Fraction(raw[0] - raw[1 << bit], 10**6)))
                          for bit, name in enumerate(TECHNIQUES) if unit.eligible >> bit & 1},
        }
        if details:
            # Streams under prompt-caching alone, with the policy each one chose.
            entry["policies"] = [{"workspace": workspace, "model": model, "calls": many, "policy": policy}
                                 for workspace, model, many, policy in unit.policies]
            entry["raw_femto_usd"] = raw
        found["units"].append(entry)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log", nargs="?", help="none: write expected.json beside every planted log")
    parser.add_argument("--prices", default=str(WORLDS / "prices.toml"))
    parser.add_argument("--details", action="store_true", help="also every unit's own vector and policies")
    arguments = parser.parse_args()
    if arguments.log is None:
        for log in sorted(WORLDS.glob("**/log.jsonl")):
            found = {"written_by": "tests/oracle/ladder.py, never by hand and never from the product's output",
                     **ladder(log, arguments.prices)}
            log.with_name("expected.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            print(log.parent.relative_to(WORLDS), found["subset_cost_usd"][0], found["subset_cost_usd"][255])
        return
    json.dump(ladder(arguments.log, arguments.prices, arguments.details), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
