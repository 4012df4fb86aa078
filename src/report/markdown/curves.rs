//! What other thresholds and numbers of passages would find, on a page.

use super::super::document::Curves;
use super::super::figures::{percent, whole};
use super::page::{Align, Page};

/// Adds the tables that have rows.
pub fn beside_the_ladder(curves: &Curves, page: &mut Page) {
    repeats(curves, page);
    passages(curves, page);
    if let Some(share) = curves.used_documents_share {
        page.paragraph(&format!(
            "Answers repeat {} of the retrieved text word for word: a hint at what passages are \
             for, no measure of quality.",
            percent(Some(share))
        ));
    }
}

fn repeats(curves: &Curves, page: &mut Page) {
    if curves.repeats.is_empty() {
        return;
    }
    page.paragraph("Near repeats, by how alike the words of two texts must be:");
    let columns = [
        ("threshold", Align::Right),
        ("calls compared", Align::Right),
        ("near repeats", Align::Right),
        ("share", Align::Right),
    ];
    let rows = curves.repeats.iter().map(|point| {
        vec![
            point.threshold.to_display(2),
            whole(point.calls),
            whole(point.hits),
            percent(point.hit_share),
        ]
    });
    page.table(&columns, rows);
}

fn passages(curves: &Curves, page: &mut Page) {
    if curves.passages.is_empty() {
        return;
    }
    page.paragraph("Document tokens that fewer passages would leave out:");
    let columns = [
        ("passages", Align::Right),
        ("tokens each", Align::Right),
        ("calls with more", Align::Right),
        ("tokens left out", Align::Right),
        ("share", Align::Right),
    ];
    let rows = curves.passages.iter().map(|point| {
        vec![
            whole(point.chunks),
            whole(point.chunk_tokens),
            whole(point.calls),
            whole(point.removed_tokens.get()),
            percent(point.removed_share),
        ]
    });
    page.table(&columns, rows);
}
