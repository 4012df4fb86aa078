//! GitHub's workflow commands: annotations in the list of a run and beside the
//! lines of a pull request.
//!
//! Knows no environment: whether this is GitHub is the caller's to say.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::facts::{Severity, complaints, limit, moved_by, moved_by_name};
use super::identity::shown;
use super::kind::CheckKind;
use super::renderer::{CheckOptions, CheckRenderer};
use crate::report::document::{Check, Judgement, Quantity};
use crate::report::escape::clean;

/// GitHub shows so many annotations of a kind for a step and drops the rest.
const MOST_OF_A_KIND: usize = 10;

/// Writes the check as workflow commands.
#[derive(Clone, Copy, Debug)]
pub struct Github;

impl CheckRenderer for Github {
    fn id(&self) -> CheckKind {
        CheckKind::Github
    }

    fn render(&self, check: &Check, _: &CheckOptions, out: &mut dyn Write) -> io::Result<()> {
        let mut errors: Vec<Annotation> = check
            .refusals
            .iter()
            .map(|refusal| Annotation::of_text(Severity::Error, &refusal.code, &refusal.message))
            .collect();
        let mut warnings = Vec::new();
        for (severity, judgement) in complaints(check) {
            let annotation = Annotation::of(check, severity, judgement);
            match severity {
                Severity::Error => errors.push(annotation),
                Severity::Warning => warnings.push(annotation),
            }
        }
        for annotations in [errors, warnings] {
            write_first(annotations, out)?;
        }
        Ok(())
    }
}

/// A report for a screen with the annotations after it.
///
/// A runner obeys any line that looks like a command. The report holds names
/// from a log, so commands are switched off while it passes; the word that
/// switches them on again is made from the whole report, so that no name in it
/// can foresee it.
///
/// # Errors
/// Never, in memory; as [`CheckRenderer::render`].
pub fn annotated(screen: &[u8], check: &Check) -> io::Result<Vec<u8>> {
    let token = blake3::hash(screen).to_hex();
    let mut bytes = Vec::new();
    writeln!(bytes, "::stop-commands::{token}")?;
    bytes.extend_from_slice(screen);
    writeln!(bytes, "::{token}::")?;
    Github.render(check, &CheckOptions::default(), &mut bytes)?;
    Ok(bytes)
}

/// The first annotations; the last that is shown says how many are not.
fn write_first(mut annotations: Vec<Annotation>, out: &mut dyn Write) -> io::Result<()> {
    let more = annotations.len().saturating_sub(MOST_OF_A_KIND);
    annotations.truncate(MOST_OF_A_KIND);
    if let Some(last) = annotations.last_mut().filter(|_| more > 0) {
        // Writing to a string never fails.
        let _ = write!(last.message, "\nand {more} more: see the report");
    }
    annotations.iter().try_for_each(|annotation| annotation.write(out))
}

/// One workflow command.
#[derive(Debug)]
struct Annotation {
    severity: Severity,
    title: String,
    /// File, and the line and column in it.
    place: Option<(String, Option<(u64, u64)>)>,
    message: String,
}

impl Annotation {
    fn of_text(severity: Severity, title: &str, message: &str) -> Self {
        Self { severity, title: clean(title), place: None, message: clean(message) }
    }

    fn of(check: &Check, severity: Severity, judgement: &Judgement) -> Self {
        let title = format!("{} {}", judgement.code, judgement.measure);
        let mut lines = vec![clean(&judgement.message)];
        let value = |quantity: Option<Quantity>| quantity.map(Quantity::to_display);
        let facts = [
            ("measured", value(judgement.measured)),
            ("limit", judgement.limit.as_ref().map(limit)),
            (moved_by_name(judgement), moved_by(judgement)),
            ("help", judgement.help.clone()),
        ];
        let facts = facts.into_iter().filter_map(|(name, text)| Some((name, text?)));
        lines.extend(facts.map(|(name, text)| format!("{name}: {}", clean(&text))));
        let shown = shown(check, judgement.place.as_ref());
        let region = shown.place.map(|place| (place.line, place.column));
        Self {
            severity,
            title: clean(&title),
            place: Some((clean(&shown.path), region)),
            message: lines.join("\n"),
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "::{} title={}", self.severity.name(), property(&self.title))?;
        if let Some((file, region)) = &self.place {
            write!(out, ",file={}", property(file))?;
            if let Some((line, column)) = region {
                write!(out, ",line={line},col={column}")?;
            }
        }
        writeln!(out, "::{}", data(&self.message))
    }
}

/// What a command says, escaped as the runner reads it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn nothing_ends_a_command_early() {
        // As the runner's documentation says them.
        assert_eq!(data("50 %\r\n::error::x"), "50 %25%0D%0A::error::x");
        assert_eq!(property("a,b:c%"), "a%2Cb%3Ac%25");
    }
}
