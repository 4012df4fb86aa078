"""The price file: rates in whole femto-dollars per token."""

import tomllib
from fractions import Fraction

from measuring import half_even


def femto(text):
    """Dollars per million tokens as femto-dollars per token."""
    rate = Fraction(text) * 10**9
    assert rate.denominator == 1, text
    return int(rate)


def seconds(text):
    return int(text[:-1]) * {"m": 60, "h": 3600}[text[-1]]


class Model:
    def __init__(self, entry, provider, defaults):
        self.id, self.provider, self.tier = entry["id"], entry.get("provider", provider), entry.get("tier")
        cache = {**defaults.get("cache", {}), **entry.get("cache", {})}
        self.minimum, self.step = cache.get("minimum_tokens", 0), cache.get("step_tokens", 1)
        self.lifetimes = [seconds(text) for text in cache.get("lifetimes", [])]
        self.mode = cache.get("mode")
        (price,) = entry["price"]
        self.input, self.output = femto(price["input"]), femto(price.get("output", "0"))
        self.read = femto(price["cache_read"]) if "cache_read" in price else None
        self.write = {seconds(key): femto(value) for key, value in price.get("cache_write", {}).items()}
        self.batch = Fraction(price["batch"]["factor"]) if "batch" in price else None
        self.tuning = entry.get("tuning")
        assert not {"shutdown", "tokenizer", "regions"} & entry.keys(), "a fact that is not reckoned with"
        assert not {"from", "until", "long_context", "hours"} & price.keys(), "a price that changes"

    @property
    def caches(self):
        return self.mode is not None and self.read is not None

    def rate(self, rate, lane):
        if lane == "batch" and self.batch is not None:
            return half_even(rate * self.batch)
        return rate

    def cost(self, lane, uncached, read, written, output):
        total = uncached * self.rate(self.input, lane) + output * self.rate(self.output, lane)
        if read:
            total += read * self.rate(self.read if self.read is not None else self.input, lane)
        for lifetime, tokens in written.items():
            total += tokens * self.rate(self.write.get(lifetime, self.input), lane)
        return total


def read_prices(path):
    with open(path, "rb") as file:
        table = tomllib.load(file)
    models = {}
    for entry in table["model"]:
        model = Model(entry, table.get("provider"), table.get("defaults", {}))
        models[model.provider, model.id] = model
    return models
