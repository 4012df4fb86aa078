//! Splits a billed prompt over the pieces that were counted in it.

use crate::record::component::Component;
use crate::record::usage::Usage;
use crate::units::Tokens;

/// A stretch of a prompt that is one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// What it is.
    pub component: Component,
    /// Its tokens by the local count.
    pub counted: u64,
}

/// The billed tokens of one component of a call, by where they were served
/// from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Billed {
    /// Read from the cache.
    pub read: Tokens,
    /// Written to the cache.
    pub written: Tokens,
    /// Neither.
    pub uncached: Tokens,
}

impl Billed {
    /// All of them.
    #[must_use]
    pub fn total(self) -> Tokens {
        self.read + self.written + self.uncached
    }
}

/// Scales counted runs to a billed total: each gets its share rounded down, and
/// what is left goes one by one to the largest remainders, ties to the first.
/// The results add up to `total` exactly; all zero where nothing was counted.
#[must_use]
pub fn scale(runs: &[Run], total: Tokens) -> Vec<Tokens> {
    let counted: u128 = runs.iter().map(|run| u128::from(run.counted)).sum();
    if counted == 0 {
        return vec![Tokens::ZERO; runs.len()];
    }
    let product = |run: &Run| u128::from(run.counted) * u128::from(total.get());
    let mut scaled: Vec<u64> =
        runs.iter().map(|run| u64::try_from(product(run) / counted).unwrap_or(u64::MAX)).collect();
    let given: u64 = scaled.iter().sum();
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(product(&runs[*index]) % counted), *index));
    let missing = usize::try_from(total.get().saturating_sub(given)).unwrap_or(0);
    for index in order.into_iter().take(missing) {
        scaled[index] += 1;
    }
    scaled.into_iter().map(Tokens::new).collect()
}

/// Lays billed tokens over runs in prompt order: what was read fills the front,
/// what was written comes next, the rest is uncached.
///
/// A cache holds a prefix, so position decides, never a proportion.
#[must_use]
pub fn by_position(runs: &[(Component, Tokens)], usage: &Usage) -> [Billed; Component::COUNT] {
    let mut parts = [Billed::default(); Component::COUNT];
    let mut read = usage.cache_read.unwrap_or_default();
    let mut written = usage.cache_written();
    for (component, tokens) in runs {
        let from_cache = (*tokens).min(read);
        read = read.saturating_sub(from_cache);
        let rest = tokens.saturating_sub(from_cache);
        let to_cache = rest.min(written);
        written = written.saturating_sub(to_cache);
        let part = &mut parts[component.index()];
        part.read += from_cache;
        part.written += to_cache;
        part.uncached += rest.saturating_sub(to_cache);
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Run, by_position, scale};
    use crate::record::component::Component;
    use crate::record::usage::{CacheWrites, Usage};
    use crate::units::Tokens;

    #[test]
    fn the_largest_remainders_get_what_is_left() {
        let run = |counted| Run { component: Component::History, counted };
        // 10 over 1:1:1 is 3.33 each; the first of the equal remainders gets it.
        assert_eq!(scale(&[run(1), run(1), run(1)], Tokens::new(10)), [4, 3, 3].map(Tokens::new));
        // 7 over 5:3:2 is 3.5, 2.1, 1.4.
        assert_eq!(scale(&[run(5), run(3), run(2)], Tokens::new(7)), [4, 2, 1].map(Tokens::new));
    }

    #[test]
    fn cached_tokens_fill_from_the_front() {
        let runs = [
            (Component::SystemPrompt, Tokens::new(100)),
            (Component::History, Tokens::new(50)),
            (Component::UserInput, Tokens::new(30)),
        ];
        let usage = Usage {
            input: Some(Tokens::new(180)),
            cache_read: Some(Tokens::new(120)),
            cache_write: Some(CacheWrites::unstated(Tokens::new(40))),
            ..Usage::default()
        };
        let parts = by_position(&runs, &usage);
        let of = |component: Component| parts[component.index()];
        assert_eq!(of(Component::SystemPrompt).read, Tokens::new(100));
        assert_eq!(
            (of(Component::History).read, of(Component::History).written),
            (Tokens::new(20), Tokens::new(30))
        );
        assert_eq!(
            (of(Component::UserInput).written, of(Component::UserInput).uncached),
            (Tokens::new(10), Tokens::new(20))
        );
    }

    proptest! {
        #[test]
        fn scaled_runs_always_add_up_to_the_bill(
            counted in proptest::collection::vec(0_u64..1_000_000, 1..12),
            total in 0_u64..4_000_000_000,
        ) {
            let runs: Vec<Run> =
                counted.iter().map(|counted| Run { component: Component::History, counted: *counted }).collect();
            let sum: Tokens = scale(&runs, Tokens::new(total)).into_iter().sum();
            let expected = if counted.iter().all(|counted| *counted == 0) { 0 } else { total };
            prop_assert_eq!(sum, Tokens::new(expected));
        }
    }
}
