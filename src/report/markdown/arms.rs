//! The arms of an A/B test as a page of Markdown.

use std::io::{self, Write};

use super::super::arms::{
    change, figures, grade, interval, label, method, remarks, sentence, smallest, title, value,
    words,
};
use super::super::document::{ArmDifference, Arms};
use super::super::escape::markdown as escape;
use super::page::{Align, Page};

/// Writes the arms side by side, and each one against the control.
///
/// # Errors
/// When `out` cannot be written to.
pub fn arms(document: &Arms, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new("A/B test");
    page.paragraph(&format!("**{}**", escape(&title(document))));
    page.paragraph(&escape(&method(document)));
    page.list(document.arms.iter().skip(1).map(|arm| {
        let sentence = escape(&sentence(document, arm));
        format!("**{}**: {sentence}", escape(&arm.arm))
    }));
    page.heading("Arms");
    let names: Vec<String> = document.arms.iter().map(|arm| escape(&arm.arm)).collect();
    let mut columns = vec![("", Align::Left)];
    columns.extend(names.iter().map(|name| (name.as_str(), Align::Right)));
    let rows = figures(document, &document.arms).into_iter();
    page.table(
        &columns,
        rows.map(|(name, cells)| std::iter::once(name.to_owned()).chain(cells).collect()),
    );
    for arm in document.arms.iter().skip(1) {
        let differences: Vec<&ArmDifference> =
            document.differences.iter().filter(|row| row.arm == arm.arm).collect();
        page.heading(&escape(&format!("{} against {}", arm.arm, document.control)));
        let columns = [
            ("", Align::Left),
            ("control", Align::Right),
            ("arm", Align::Right),
            ("difference", Align::Right),
            ("95 % interval", Align::Right),
            ("could show", Align::Right),
            ("", Align::Left),
        ];
        page.table(
            &columns,
            differences.iter().map(|row| {
                vec![
                    label(row.metric).to_owned(),
                    value(row.metric, row.control_value),
                    value(row.metric, row.arm_value),
                    change(row),
                    interval(row),
                    smallest(row),
                    words(row.verdict).to_owned(),
                ]
            }),
        );
        let remarks = remarks(&differences).into_iter().chain(grade(&differences));
        page.list(remarks.map(|remark| escape(&remark)));
    }
    if !document.warnings.is_empty() {
        page.heading("Before you trust this");
        page.list(document.warnings.iter().map(|warning| escape(&warning.message)));
    }
    page.write(out)
}
