//! One side of a difference: what it is of, and on which scale.

use crate::record::component::Component;
use crate::report::document::{DifferenceSide, Document, Per, Quotient};
use crate::units::{Evidence, NanoUsd, Tokens, Usd};

use super::pairs::Pairs;
use super::stage::{Part, Stage};
use super::{DifferenceError, Subject, per_call};

/// Days of a month, in millionths.
const MONTH: i128 = 30_000_000;

/// What the amounts of a side are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    numerator: i128,
    denominator: i128,
}

impl Scale {
    /// The scale of a side.
    ///
    /// # Errors
    /// When a month is asked for and the side covers less than a day.
    pub(super) fn of(subject: Subject<'_>, per: Per) -> Result<Self, DifferenceError> {
        if per == Per::Total {
            return Ok(Self { numerator: 1, denominator: 1 });
        }
        let too_short =
            |reason| DifferenceError::TooShort { source_name: subject.source.to_owned(), reason };
        let window = &subject.document.window;
        let days = days(subject.document).ok_or_else(|| too_short("has no times"))?;
        if !window.covers_a_day() {
            return Err(too_short("covers less"));
        }
        Ok(Self { numerator: MONTH, denominator: days })
    }

    pub(super) fn of_amount(self, amount: Usd) -> Usd {
        amount.times(self.numerator, self.denominator)
    }
}

/// The length of a side in millionths of a day.
pub(super) fn days(document: &Document) -> Option<i128> {
    document.window.days.map(Quotient::millionths).filter(|days| *days > 0)
}

/// The block of a side; `compared` is the amount that is compared.
pub(super) fn side(subject: Subject<'_>, compared: Option<NanoUsd>) -> DifferenceSide {
    let document = subject.document;
    let totals = &document.totals;
    let priced = totals.calls.and_then(|calls| calls.checked_sub(totals.unpriced_calls));
    let days = days(document).filter(|_| document.window.covers_a_day());
    let month = |cost: NanoUsd| days.map(|days| cost.to_usd().times(MONTH, days).to_nano());
    DifferenceSide {
        source: subject.source.to_owned(),
        is_saved: subject.is_saved,
        tool_version: document.tool_version.clone(),
        window: document.window.clone(),
        calls: totals.calls,
        unpriced_calls: totals.unpriced_calls,
        cost_usd: totals.cost_usd,
        compared_usd: compared,
        cost_per_call_usd: totals
            .cost_usd
            .zip(priced)
            .and_then(|(cost, calls)| per_call(cost, calls)),
        cost_per_month_usd: totals.cost_usd.and_then(month),
        prices_as_of: document.prices.as_of.clone(),
        table_hash: document.prices.table_hash.clone(),
        tokens_per_call: tokens_per_call(document),
    }
}

/// Billed tokens over priced calls, where all of them are counted.
fn tokens_per_call(document: &Document) -> Option<Quotient> {
    let cells = &document.comparison.as_ref()?.cells;
    let priced = || cells.iter().filter(|cell| cell.cost_usd.is_some());
    let calls: Option<u64> = priced()
        .map(|cell| cell.calls.and_then(|calls| calls.checked_sub(cell.unpriced_calls)))
        .sum();
    let tokens: Tokens = priced().flat_map(|cell| &cell.kinds).map(|kind| kind.tokens).sum();
    Quotient::mean_tokens(tokens, calls?)
}

/// How the effects are known.
pub(super) struct Grades {
    whole: Evidence,
    components: [Evidence; Component::COUNT],
}

impl Grades {
    pub(super) fn of(pairs: &Pairs, before: Subject<'_>, after: Subject<'_>) -> Self {
        let whole = pairs.evidence();
        let rows = || {
            let documents = [before.document, after.document];
            documents.into_iter().flat_map(|document| &document.attribution.component)
        };
        let of = |component: Component| {
            rows()
                .filter(|row| row.key == component.key())
                .fold(whole, |worst, row| worst.worst(row.figures.evidence))
        };
        Self { whole, components: Component::ALL.map(of) }
    }

    pub(super) const fn of_stage(&self, stage: Stage) -> Evidence {
        match stage.part {
            Some(Part::Of(component)) => self.components[component as usize],
            _ => self.whole,
        }
    }
}
