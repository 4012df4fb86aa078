//! An inspection as a page of Markdown.

use std::io::{self, Write};

use super::super::document::Inspection;
use super::super::escape::markdown as escape;
use super::super::inspected;
use super::page::{Align, Page};

/// Files that are told one by one; more are told by format.
const MOST_FILES: usize = 10;

/// Writes what files are, what their calls carry, and how far that goes.
///
/// # Errors
/// When `out` cannot be written to.
pub fn inspection(document: &Inspection, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new("LLM usage log");
    page.paragraph(&format!("**{}**", inspected::headline(document)));
    for kind in inspected::kinds(document, MOST_FILES) {
        page.heading(&escape(&inspected::title(&kind)));
        let file = &kind.sum;
        let mut lines = inspected::recognition(&kind);
        lines.extend(file.convention.clone());
        lines.extend(inspected::accounting(file));
        lines.extend(inspected::reasons(&kind));
        lines.extend(inspected::span(file));
        let carried = inspected::carried(file);
        for (name, list) in
            [("In every call", carried.every), ("In some", carried.some), ("In none", carried.none)]
        {
            if !list.is_empty() {
                lines.push(format!("{name}: {}", list.join(", ")));
            }
        }
        page.list(lines.iter().map(|line| escape(line)));
    }
    page.list(inspected::notes(document).iter().map(|note| escape(note)));
    if !document.techniques.is_empty() {
        page.heading("What this log can say of the eight techniques");
        page.list(inspected::not_replayed(document).iter().map(|line| escape(line)));
        let columns = ["technique", "verdict", "on what", "raised by"];
        page.table(
            &columns.map(|column| (column, Align::Left)),
            document.techniques.iter().map(|technique| {
                let raises: Vec<String> =
                    technique.raised_by.iter().map(inspected::raise).collect();
                vec![
                    technique.technique.clone(),
                    inspected::verdict(technique.verdict).to_owned(),
                    escape(&inspected::facts(document, technique)),
                    escape(&raises.join("; ")),
                ]
            }),
        );
        let first = inspected::first_to_log(document);
        if !first.is_empty() {
            page.heading("What would raise most");
            page.list(first.iter().map(|line| escape(line)));
        }
    }
    if let Some(sums) = &document.sums {
        page.heading("What sums and billed amounts are good for");
        let can = sums.can.iter().map(|line| format!("yes: {}", escape(line)));
        let cannot = sums.cannot.iter().map(|line| format!("no: {}", escape(line)));
        page.list(can.chain(cannot));
    }
    page.write(out)
}
