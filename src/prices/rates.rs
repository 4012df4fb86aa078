//! The rates of one lane at one prompt length, ready to be multiplied.

use crate::units::{Multiplier, Rate, Ttl};

/// Every rate a token of one request can be billed at, in dollars per token.
///
/// A missing `Option` is a rate that the provider does not publish: such
/// tokens stay unpriced, they do not become free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Prompt tokens neither read from nor written to the cache.
    pub input: Rate,
    /// Answer tokens, reasoning included; `None` where nothing is generated.
    pub output: Option<Rate>,
    /// Prompt tokens read from the cache; the input rate where the provider
    /// publishes no other.
    pub cache_read: Rate,
    /// Prompt tokens written to the cache.
    pub cache_write: WriteRates,
    /// Audio tokens of the prompt.
    pub audio_input: Option<Rate>,
    /// Audio tokens of the answer.
    pub audio_output: Option<Rate>,
    /// Image tokens of the prompt; `None` means they cost as text.
    pub image_input: Option<Rate>,
    /// Image tokens of the answer.
    pub image_output: Option<Rate>,
}

/// What a cache write costs, by the lifetime that is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteRates {
    /// The rate when no lifetime is named: the provider's default one.
    pub unstated: Rate,
    /// The shorter lifetime that has a price.
    pub short: Option<(Ttl, Rate)>,
    /// The longer lifetime that has a price.
    pub long: Option<(Ttl, Rate)>,
}

impl WriteRates {
    /// Writes that cost what plain input costs.
    #[must_use]
    pub const fn as_input(input: Rate) -> Self {
        Self { unstated: input, short: None, long: None }
    }

    /// The rate of a lifetime; `None` where the table sells no such lifetime.
    ///
    /// Where no lifetime has a price of its own, every write costs the same.
    #[must_use]
    pub fn at(&self, ttl: Option<Ttl>) -> Option<Rate> {
        let Some(ttl) = ttl else { return Some(self.unstated) };
        if self.short.is_none() {
            return Some(self.unstated);
        }
        [self.short, self.long]
            .into_iter()
            .flatten()
            .find(|(sold, _)| *sold == ttl)
            .map(|(_, rate)| rate)
    }

    /// The lifetimes that have a price, shortest first.
    pub fn lifetimes(&self) -> impl Iterator<Item = (Ttl, Rate)> {
        [self.short, self.long].into_iter().flatten()
    }
}

/// A factor for each kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Factors {
    pub(super) input: Multiplier,
    pub(super) output: Multiplier,
    pub(super) cache_read: Multiplier,
    pub(super) cache_write: Multiplier,
}

impl Factors {
    /// The same factor on everything.
    pub(super) const fn all(factor: Multiplier) -> Self {
        Self { input: factor, output: factor, cache_read: factor, cache_write: factor }
    }
}

impl Rates {
    /// Nothing costs anything and nothing generated has a rate.
    pub(super) const FREE: Self = Self {
        input: Rate::FREE,
        output: None,
        cache_read: Rate::FREE,
        cache_write: WriteRates::as_input(Rate::FREE),
        audio_input: None,
        audio_output: None,
        image_input: None,
        image_output: None,
    };

    /// The rates times a factor, each rounded half to even to a femto-dollar.
    #[must_use]
    pub fn scaled(&self, factor: Multiplier) -> Self {
        if factor == Multiplier::ONE {
            return *self;
        }
        self.scaled_by_kind(&Factors::all(factor))
    }

    /// The rates times a factor for each kind.
    pub(super) fn scaled_by_kind(&self, by: &Factors) -> Self {
        let write = |rate: Rate| rate.scaled(by.cache_write);
        let lifetime = |entry: Option<(Ttl, Rate)>| entry.map(|(ttl, rate)| (ttl, write(rate)));
        let scale = |rate: Option<Rate>, factor| rate.map(|rate| rate.scaled(factor));
        Self {
            input: self.input.scaled(by.input),
            output: scale(self.output, by.output),
            cache_read: self.cache_read.scaled(by.cache_read),
            cache_write: WriteRates {
                unstated: write(self.cache_write.unstated),
                short: lifetime(self.cache_write.short),
                long: lifetime(self.cache_write.long),
            },
            audio_input: scale(self.audio_input, by.input),
            audio_output: scale(self.audio_output, by.output),
            image_input: scale(self.image_input, by.input),
            image_output: scale(self.image_output, by.output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WriteRates;
    use crate::units::{Rate, Ttl};

    #[test]
    fn a_lifetime_that_is_not_sold_has_no_rate() {
        let rate = |text| Rate::from_usd_per_million(text).unwrap();
        let sold = WriteRates {
            unstated: rate("1.25"),
            short: Some((Ttl::FIVE_MINUTES, rate("1.25"))),
            long: Some((Ttl::ONE_HOUR, rate("2"))),
        };
        assert_eq!(sold.at(None), Some(rate("1.25")));
        assert_eq!(sold.at(Some(Ttl::ONE_HOUR)), Some(rate("2")));
        assert_eq!(sold.at(Some(Ttl::from_seconds(1_800))), None);
        assert_eq!(WriteRates::as_input(rate("3")).at(Some(Ttl::ONE_HOUR)), Some(rate("3")));
    }
}
