//! Which rows of several exports speak of the same thing.
//!
//! Two exports of one provider's usage or bill may cover the same days in two
//! layouts, widths or groupings. This says which rows stay; it knows neither
//! tokens nor prices.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::units::Timestamp;

/// Dimensions that rows are compared by.
pub(super) const DIMENSIONS: usize = 8;

/// A period without an end counts as a day.
const DAY: i64 = 86_400_000_000;

/// A row of an export, as far as it can repeat a row of another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stated<'a> {
    /// Whose usage it is; an unknown one may be anyone's.
    pub provider: Option<&'a str>,
    /// What rows of one provider never share, such as kinds of operation.
    pub kind: u8,
    /// The file it stands in.
    pub file: u32,
    /// How that file is laid out.
    pub format: &'a str,
    /// Start of its period.
    pub start: Option<Timestamp>,
    /// End of its period.
    pub end: Option<Timestamp>,
    /// Whether periods of several lengths in one file are several exports.
    pub widths_differ: bool,
    /// Handles of what the row names.
    pub dimensions: [Option<u32>; DIMENSIONS],
    /// How much it states.
    pub weight: u128,
}

impl Stated<'_> {
    /// The period in microseconds; without a start it may be any time.
    pub(super) fn period(&self) -> Option<(i64, i64)> {
        period(self.start, self.end)
    }
}

/// A period in microseconds, its end a day after its start where it is unknown;
/// `None` without a start.
pub(super) fn period(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<(i64, i64)> {
    let start = start?.micros();
    let end = end.map_or(start.saturating_add(DAY), Timestamp::micros);
    Some((start, end.max(start.saturating_add(1))))
}

/// What rows of one export have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ExportKey<'a> {
    provider: Option<&'a str>,
    kind: u8,
    file: u32,
    format: &'a str,
    width: Option<i64>,
}

/// An export: the dimensions that any of its rows names, and its rows that
/// stay, by start.
struct Export<'a> {
    key: ExportKey<'a>,
    known: [bool; DIMENSIONS],
    widest: i64,
    dated: BTreeMap<i64, Vec<usize>>,
    undated: Vec<usize>,
}

/// Whether each row repeats what a row of another export says. The finer
/// export stays: shorter periods first, then more dimensions, then the larger
/// row. Rows of one export never repeat each other.
pub(super) fn repeated(rows: &[Stated<'_>]) -> Vec<bool> {
    let mut exports: Vec<Export<'_>> = Vec::new();
    let mut numbers: FxHashMap<ExportKey<'_>, usize> = FxHashMap::default();
    let mut export_of = Vec::with_capacity(rows.len());
    for row in rows {
        let width = row.period().map(|(start, end)| end - start);
        let key = ExportKey {
            provider: row.provider,
            kind: row.kind,
            file: row.file,
            format: row.format,
            width: width.filter(|_| row.widths_differ),
        };
        let number = *numbers.entry(key).or_insert_with(|| {
            exports.push(Export {
                key,
                known: [false; DIMENSIONS],
                widest: 0,
                dated: BTreeMap::new(),
                undated: Vec::new(),
            });
            exports.len() - 1
        });
        let export = &mut exports[number];
        export.widest = export.widest.max(width.unwrap_or(0));
        for (known, value) in export.known.iter_mut().zip(row.dimensions) {
            *known |= value.is_some();
        }
        export_of.push(number);
    }
    let mut repeats = vec![false; rows.len()];
    if exports.len() < 2 {
        return repeats;
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|at| {
        let row = &rows[*at];
        let export = &exports[export_of[*at]];
        let width = row.period().map(|(start, end)| end - start);
        let known = export.known.iter().filter(|known| **known).count();
        (width.is_none(), width, Reverse(known), row.format, Reverse(row.weight), *at)
    });
    for at in order {
        let number = export_of[at];
        repeats[at] = exports.iter().enumerate().any(|(other, export)| {
            other != number && export.says_the_same(&exports[number], &rows[at], rows)
        });
        if !repeats[at] {
            let export = &mut exports[number];
            match rows[at].period() {
                Some((start, _)) => export.dated.entry(start).or_default().push(at),
                None => export.undated.push(at),
            }
        }
    }
    repeats
}

impl Export<'_> {
    /// Whether a row that stays here may state what a row of another export
    /// does.
    fn says_the_same(&self, other: &Export<'_>, row: &Stated<'_>, rows: &[Stated<'_>]) -> bool {
        let (mine, theirs) = (&self.key, &other.key);
        let one_provider = match (mine.provider, theirs.provider) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => true,
        };
        if !one_provider || mine.kind != theirs.kind {
            return false;
        }
        // Two layouts name accounts and models in two ways: their periods
        // decide. One layout names them alike: what both name must be equal.
        let is_same = |at: usize| {
            mine.format != theirs.format
                || (0..DIMENSIONS).all(|dimension| {
                    !(self.known[dimension] && other.known[dimension])
                        || rows[at].dimensions[dimension] == row.dimensions[dimension]
                })
        };
        let Some((start, end)) = row.period() else {
            let dated = self.dated.values().flatten();
            return dated.chain(&self.undated).any(|at| is_same(*at));
        };
        let from = start.saturating_sub(self.widest);
        let near = self.dated.range(from..end).flat_map(|(_, found)| found);
        let meets = |at: &usize| rows[*at].period().is_none_or(|(_, other_end)| other_end > start);
        near.chain(&self.undated).any(|at| meets(at) && is_same(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::{DIMENSIONS, Stated, repeated};
    use crate::units::Timestamp;

    const HOUR: i64 = 3_600_000_000;

    /// A row of hours of one provider, named by model and account.
    fn row(
        file: u32,
        format: &'static str,
        hours: std::ops::Range<i64>,
        names: [Option<u32>; 2],
        weight: u128,
    ) -> Stated<'static> {
        let mut dimensions = [None; DIMENSIONS];
        dimensions[..2].copy_from_slice(&names);
        Stated {
            provider: Some("openai"),
            kind: 0,
            file,
            format,
            start: Some(Timestamp::from_micros(hours.start * HOUR)),
            end: Some(Timestamp::from_micros(hours.end * HOUR)),
            widths_differ: true,
            dimensions,
            weight,
        }
    }

    #[test]
    fn rows_of_one_export_are_all_different() {
        let rows = [
            row(0, "api", 0..24, [Some(1), None], 10),
            row(0, "api", 0..24, [None, None], 5),
            row(0, "api", 24..48, [Some(1), None], 10),
        ];
        assert_eq!(repeated(&rows), [false; 3]);
    }

    #[test]
    fn the_finer_layout_stays_where_both_speak() {
        // The day is told by hours too; the next day only by itself.
        let rows = [
            row(0, "csv", 0..24, [Some(7), None], 100),
            row(0, "csv", 24..48, [Some(7), None], 100),
            row(1, "api", 3..4, [Some(1), None], 2),
        ];
        assert_eq!(repeated(&rows), [true, false, false]);
    }

    #[test]
    fn one_layout_is_compared_by_what_both_files_name() {
        // Two projects apart are no repetition; by model alone they are one.
        let apart = [
            row(0, "api", 0..24, [Some(1), Some(1)], 9),
            row(1, "api", 0..24, [Some(1), Some(2)], 8),
        ];
        assert_eq!(repeated(&apart), [false; 2]);
        let coarser = [
            row(0, "api", 0..24, [Some(1), Some(1)], 9),
            row(1, "api", 0..24, [Some(1), None], 17),
        ];
        assert_eq!(repeated(&coarser), [false, true]);
    }

    #[test]
    fn a_day_fetched_again_counts_with_what_it_grew_to() {
        let rows =
            [row(0, "api", 0..24, [Some(1), None], 40), row(1, "api", 0..24, [Some(1), None], 90)];
        assert_eq!(repeated(&rows), [true, false]);
    }

    #[test]
    fn a_row_without_a_time_repeats_whatever_names_the_same() {
        let mut undated = row(1, "csv", 0..1, [None, None], 1);
        (undated.start, undated.end) = (None, None);
        assert_eq!(repeated(&[row(0, "api", 0..24, [None, None], 1), undated]), [false, true]);
        undated.provider = Some("anthropic");
        assert_eq!(repeated(&[row(0, "api", 0..24, [None, None], 1), undated]), [false, false]);
    }
}
