//! What a stretch of a prompt cost in the call that carried it.

use std::ops::Range;

use crate::ledger::Ledger;
use crate::units::Usd;

/// A prompt as it was billed: what was read fills the front, what was written
/// comes next, the rest is uncached.
#[derive(Clone, Debug, Default)]
pub(super) struct Served {
    /// Tokens up to the end of each part, and the part's amount.
    parts: [(Range<u64>, Usd); 3],
    counted: u64,
    billed: u64,
}

impl Served {
    /// The prompt of an entry; `None` where it has no price or no count. What
    /// was not counted locally is counted as billed.
    pub fn of(ledger: &Ledger<'_>, entry: usize) -> Option<Self> {
        let entry = &ledger.entries[entry];
        entry.bill.total()?;
        let call = ledger.call(entry);
        let usage = call.usage.get();
        let billed = usage.input?.get();
        let prompt = ledger.log.prompt(call.prompt);
        let counted = prompt.map_or(billed, |prompt| u64::from(prompt.counted_tokens));
        let amounts = ledger.amounts(entry);
        let read = usage.cache_read.unwrap_or_default().get().min(billed);
        let written = (read + usage.cache_written().get()).min(billed);
        let parts = [
            (0..read, amounts.cache_read),
            (read..written, amounts.cache_write),
            (written..billed, amounts.input),
        ];
        (counted > 0).then_some(Self { parts, counted, billed })
    }

    /// The billed place of a stretch, given in tokens by the local count from the
    /// prompt's start.
    pub fn billed(&self, stretch: &Range<u64>) -> Range<u64> {
        let scaled = |at: u64| {
            let scaled = u128::from(at.min(self.counted)) * u128::from(self.billed);
            u64::try_from(scaled / u128::from(self.counted)).unwrap_or(u64::MAX)
        };
        scaled(stretch.start)..scaled(stretch.end)
    }

    /// The price of everything beyond so many billed tokens.
    pub fn price_beyond(&self, tokens: u64) -> Usd {
        self.price(&(tokens..self.billed))
    }

    /// The price of a stretch of billed tokens, rounded down to a femto-dollar
    /// where it begins or ends inside a part.
    pub fn price(&self, stretch: &Range<u64>) -> Usd {
        let mut sum = Usd::ZERO;
        for (part, amount) in &self.parts {
            let to = stretch.end.min(part.end);
            let inside = to.saturating_sub(stretch.start.max(part.start));
            let whole = part.end - part.start;
            if inside > 0 {
                // A call's tokens fit 32 bits and its femto-dollars 90.
                let share = amount.femto().saturating_mul(i128::from(inside)) / i128::from(whole);
                sum += Usd::from_femto(share);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::Served;
    use crate::units::Usd;

    #[test]
    fn a_stretch_costs_what_its_place_cost() {
        // 100 counted tokens are 200 billed ones: 80 read at 1, 20 written at
        // 12, 100 uncached at 10 femto-dollars each.
        let usd = Usd::from_femto;
        let served = Served {
            parts: [(0..80, usd(80)), (80..100, usd(240)), (100..200, usd(1_000))],
            counted: 100,
            billed: 200,
        };
        // Counted 30..60 is billed 60..120: 20 read, 20 written, 20 uncached.
        assert_eq!(served.billed(&(30..60)), 60..120);
        assert_eq!(served.price(&(60..120)), usd(20 + 240 + 200));
        assert_eq!(served.price_beyond(90), usd(10 * 12 + 1_000));
        assert_eq!(served.price(&(0..200)), usd(1_320));
        assert_eq!(served.billed(&(100..130)), 200..200);
        let backwards = std::ops::Range { start: 200, end: 120 };
        assert_eq!(served.price(&backwards), usd(0));
    }
}
