//! The arms of an A/B test as a screen of text.

use std::io::{self, Write};

use super::super::arms::{
    change, figures, grade, interval, label, method, remarks, sentence, title, words,
};
use super::super::document::{ArmDifference, ArmFigures, Arms};
use super::super::escape::plain;
use super::super::renderer::RenderOptions;
use super::screen::Screen;
use super::tables::indented;
use super::{Column, NARROWEST, WIDEST};

const INDENT: usize = 2;
/// Columns of the names of the figures.
const NAMES: usize = 24;
/// Columns of an arm's figures; longer names of arms are cut.
const FIGURES: usize = 14;

/// Writes the arms side by side, and each one against the control.
///
/// # Errors
/// When `out` cannot be written to.
pub fn arms(document: &Arms, options: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut screen = Screen::new(options.width.clamp(NARROWEST, WIDEST), options.color);
    let longest = screen.width() * 6;
    screen.title(&plain(&title(document), longest));
    screen.faint(&plain(&method(document), longest), 0);
    for arm in document.arms.iter().skip(1) {
        let text = format!("{}: {}", arm.arm, sentence(document, arm));
        screen.paragraph(&plain(&text, longest), INDENT);
    }
    screen.heading("Arms");
    let fitting = ((screen.width() - INDENT).saturating_sub(NAMES) / (FIGURES + 2)).max(1);
    for (position, arms) in document.arms.chunks(fitting).enumerate() {
        if position > 0 {
            screen.blank();
        }
        side_by_side(document, arms, &mut screen);
    }
    for arm in document.arms.iter().skip(1) {
        against_control(document, arm, &mut screen);
    }
    if !document.warnings.is_empty() {
        screen.heading("Before you trust this");
        for warning in &document.warnings {
            screen.warning(&plain(&warning.message, longest), INDENT);
        }
    }
    screen.write(out)
}

fn side_by_side(document: &Arms, arms: &[ArmFigures], screen: &mut Screen) {
    let names = arms.iter().map(|arm| plain(&arm.arm, FIGURES));
    let mut rows = vec![std::iter::once(String::new()).chain(names).collect::<Vec<_>>()];
    for (name, cells) in figures(document, arms) {
        rows.push(std::iter::once(name.to_owned()).chain(cells).collect());
    }
    let mut columns = vec![Column::Text];
    columns.resize(arms.len() + 1, Column::Figures);
    indented(&columns, rows, screen);
}

fn against_control(document: &Arms, arm: &ArmFigures, screen: &mut Screen) {
    let differences: Vec<&ArmDifference> =
        document.differences.iter().filter(|row| row.arm == arm.arm).collect();
    let longest = screen.width() * 6;
    screen.heading(&plain(&format!("{} against {}", arm.arm, document.control), longest));
    let mut rows = vec![["", "difference", "95 % interval", ""].map(str::to_owned).to_vec()];
    rows.extend(differences.iter().map(|row| {
        vec![
            label(row.metric).to_owned(),
            change(row),
            interval(row),
            words(row.verdict).to_owned(),
        ]
    }));
    indented(&[Column::Text, Column::Figures, Column::Figures, Column::Word], rows, screen);
    for remark in remarks(&differences).into_iter().chain(grade(&differences)) {
        screen.faint(&plain(&remark, longest), INDENT);
    }
}
