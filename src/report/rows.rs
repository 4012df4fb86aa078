//! The rows of a table, whether by one dimension or by several, and the row
//! that sums those a table for people has no room for.
//!
//! Keys are as the document has them: each report escapes them in its own way.

use super::document::{Dimension, Document, Figures};
use super::figures::{UNKNOWN_MARK, counted};
use crate::units::{Share, Tokens};

/// A row of a table for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// One key per dimension of the table.
    pub keys: Vec<String>,
    /// Its figures.
    pub figures: Figures,
}

/// Every row of the table by these dimensions; none where the document has no
/// such table.
pub fn all<'document>(
    document: &'document Document,
    dimensions: &[Dimension],
) -> Vec<(&'document [String], &'document Figures)> {
    let attribution = &document.attribution;
    if let [dimension] = dimensions
        && let Some(rows) = attribution.rows(*dimension)
    {
        return rows.iter().map(|row| (std::slice::from_ref(&row.key), &row.figures)).collect();
    }
    let rows = attribution.cross(dimensions).map_or(&[][..], |cross| &cross.rows);
    rows.iter().map(|row| (row.keys.as_slice(), &row.figures)).collect()
}

/// The first `most` rows of the table, and one that sums the rest.
///
/// Components, days and hours are shown whole: they are few, or a series.
pub fn shown(document: &Document, dimensions: &[Dimension], most: usize) -> Vec<Shown> {
    let rows = all(document, dimensions);
    let is_whole = matches!(dimensions, [Dimension::Component | Dimension::Day | Dimension::Hour]);
    // A row that says "1 more" would take the place of the one it hides.
    let kept = if is_whole || rows.len() <= most.saturating_add(1) { rows.len() } else { most };
    let (first, rest) = rows.split_at(kept);
    let mut shown: Vec<Shown> = first
        .iter()
        .map(|(keys, figures)| Shown { keys: keys.to_vec(), figures: (*figures).clone() })
        .collect();
    if !rest.is_empty() {
        let noun = match dimensions {
            [dimension] => format!("more {}s", dimension.name()),
            _ => "more rows".to_owned(),
        };
        let mut keys = vec![counted(rest.len() as u64, &noun, &noun)];
        keys.resize(dimensions.len(), String::new());
        let rest: Vec<&Figures> = rest.iter().map(|(_, figures)| *figures).collect();
        shown.push(Shown { keys, figures: sum(document, &rest) });
    }
    shown
}

/// The sum of rows; a figure is unknown where every row's is.
fn sum(document: &Document, rows: &[&Figures]) -> Figures {
    let cost = rows.iter().filter_map(|row| row.cost_usd).reduce(|sum, cost| sum + cost);
    let tokens = |of: fn(&Figures) -> Option<Tokens>| {
        rows.iter().filter_map(|row| of(row)).reduce(|sum, tokens| sum + tokens)
    };
    Figures {
        calls: rows.iter().filter_map(|row| row.calls).reduce(u64::saturating_add),
        input_tokens: tokens(|row| row.input_tokens),
        output_tokens: tokens(|row| row.output_tokens),
        cost_usd: cost,
        share: cost
            .zip(document.totals.cost_usd)
            .and_then(|(part, whole)| Share::of_nano(part, whole)),
        evidence: rows.iter().map(|row| row.evidence).max().unwrap_or_default(),
        at_most: rows.iter().any(|row| row.at_most),
        unpriced_calls: rows.iter().map(|row| row.unpriced_calls).fold(0, u64::saturating_add),
    }
}

/// The figure with a sign where it is a bound: an upper one, or a lower one
/// because some of the row's calls have no price.
pub fn bounded(figures: &Figures, text: String) -> String {
    // What is not known is no bound either.
    if text == UNKNOWN_MARK {
        return text;
    }
    if figures.at_most {
        return format!("≤ {text}");
    }
    if figures.unpriced_calls > 0 && figures.cost_usd.is_some() {
        return format!("≥ {text}");
    }
    text
}

/// Input and output tokens together; `None` where neither is known.
pub fn token_sum(figures: &Figures) -> Option<Tokens> {
    match (figures.input_tokens, figures.output_tokens) {
        (None, None) => None,
        (input, output) => Some(input.unwrap_or_default() + output.unwrap_or_default()),
    }
}

/// Whether a table tells nothing apart: no rows, or only the one keyed so.
pub fn says_nothing(document: &Document, dimension: Dimension) -> bool {
    let nothing = match dimension {
        Dimension::Component => "unattributed",
        _ => super::document::UNKNOWN_KEY,
    };
    all(document, &[dimension]).iter().all(|(keys, _)| keys.iter().all(|key| key == nothing))
}

#[cfg(test)]
mod tests {
    use super::shown;
    use crate::report::document::{Dimension, Document, Figures, Row};
    use crate::units::{NanoUsd, Tokens};

    #[test]
    fn the_rest_is_summed_and_what_is_unknown_stays_so() {
        let mut document = Document::new("0.1.0");
        document.attribution.model = (1..=4)
            .map(|number| Row {
                key: format!("m{number}"),
                figures: Figures {
                    input_tokens: (number != 3).then(|| Tokens::new(10)),
                    cost_usd: Some(NanoUsd::from_nano(number)),
                    ..Figures::default()
                },
            })
            .collect();
        let rows = shown(&document, &[Dimension::Model], 2);
        let last = rows.last().map(|row| (row.keys.clone(), row.figures.clone()));
        let figures = Figures {
            input_tokens: Some(Tokens::new(10)),
            cost_usd: Some(NanoUsd::from_nano(7)),
            ..Figures::default()
        };
        assert_eq!(last, Some((vec!["2 more models".to_owned()], figures)));
        assert_eq!(shown(&document, &[Dimension::Model], 3).len(), 4);
    }
}
