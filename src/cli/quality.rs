//! `--quality FILE`: how good models' answers were, as CSV or JSONL.
//!
//! A row names a call or a feature, a model, and a score from 0 to 1.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::error::CliError;
use super::file;
use crate::ledger::Ledger;
use crate::report::document::Warning;
use crate::techniques::parameter::{Unit, Value};
use crate::techniques::quality::Quality;
use crate::units::counted;

/// Decimals of a score that count; more of them are left out.
const DECIMALS: usize = 6;

/// A file that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Scores {
    /// What it says.
    pub(super) quality: Quality,
    path: String,
    calls: BTreeSet<String>,
    features: BTreeSet<String>,
    rejected: u64,
    first_rejection: Option<String>,
}

/// A row as it is written.
#[derive(Debug, Default, Deserialize)]
struct Row {
    #[serde(default)]
    call_id: Option<Text>,
    #[serde(default)]
    feature: Option<Text>,
    #[serde(default)]
    model: Option<Text>,
    #[serde(default)]
    score: Option<Text>,
}

/// A name or a number, with or without quotes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Number(serde_json::Number),
}

impl Text {
    fn filled(self) -> Option<String> {
        let text = match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.to_string(),
        };
        (!text.is_empty()).then_some(text)
    }
}

impl Scores {
    /// Reads a file; a first line that opens a brace is JSONL.
    ///
    /// # Errors
    /// When it cannot be read, has no such columns, or no row can be used.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let text = file::read(path)?;
        let mut scores = Self { path: file::shown(path), ..Self::default() };
        if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
            scores.add_json_lines(&text);
        } else {
            scores.add_csv(text.trim_start_matches('\u{feff}'))?;
        }
        match (&scores.first_rejection, scores.quality.is_empty()) {
            (Some(first), true) => Err(scores.refused(&format!("no row can be used: {first}"))),
            (None, true) => Err(scores.refused("it has no rows")),
            _ => Ok(scores),
        }
    }

    fn add_json_lines(&mut self, text: &str) {
        let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        for (number, line) in lines {
            let row = serde_json::from_str(line.trim_start_matches('\u{feff}'));
            self.take(number, row.map_err(|_| "not an object of texts and numbers".to_owned()));
        }
    }

    fn add_csv(&mut self, text: &str) -> Result<(), CliError> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut header = reader.headers().cloned().unwrap_or_default();
        header = header.iter().map(str::to_ascii_lowercase).collect();
        let has = |name: &str| header.iter().any(|column| column == name);
        if !(has("call_id") || has("feature")) || !has("model") || !has("score") {
            let columns: Vec<&str> = header.iter().collect();
            return Err(self.refused(&format!(
                "line 1: the columns are {}, but call_id or feature, model and score are needed",
                columns.join(", ")
            )));
        }
        for record in reader.records() {
            let line = match &record {
                Ok(record) => record.position().map_or(0, csv::Position::line),
                Err(error) => error.position().map_or(0, csv::Position::line),
            };
            let row = record.map_err(|_| "not a row of CSV".to_owned()).and_then(|record| {
                record.deserialize(Some(&header)).map_err(|_| "not a row of CSV".to_owned())
            });
            self.take(line, row);
        }
        Ok(())
    }

    /// Notes a row, or why it cannot be used.
    fn take(&mut self, line: u64, row: Result<Row, String>) {
        if let Err(reason) = row.and_then(|row| self.add(row)) {
            self.rejected += 1;
            self.first_rejection.get_or_insert(format!("{}:{line}: {reason}", self.path));
        }
    }

    fn add(&mut self, row: Row) -> Result<(), String> {
        let [call, feature, model, score] = [row.call_id, row.feature, row.model, row.score]
            .map(|cell| cell.and_then(Text::filled));
        let model = model.ok_or("no model")?;
        let score = self::score(&score.ok_or("no score")?)?;
        match (call, feature) {
            (Some(call), _) => {
                self.quality.add_call(&call, &model, score);
                self.calls.insert(call);
            }
            (None, Some(feature)) => {
                self.quality.add_feature(&feature, &model, score);
                self.features.insert(feature);
            }
            (None, None) => return Err("neither a call_id nor a feature".to_owned()),
        }
        Ok(())
    }

    fn refused(&self, message: &str) -> CliError {
        CliError::Setting {
            setting: "--quality".to_owned(),
            message: format!("{}: {message}", self.path),
            hint: Some(
                "a row names a call_id or a feature, a model, and a score from 0 to 1".to_owned(),
            ),
        }
    }

    /// What a reader of the report should know of the file.
    pub(super) fn warnings(&self, ledger: &Ledger<'_>) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let mut warn = |code: &str, message: String| {
            warnings.push(Warning { code: code.to_owned(), message });
        };
        if let Some(first) = &self.first_rejection {
            let rows = counted(self.rejected, "row");
            warn("QUALITY_REJECTED", format!("{rows} of scores left out, the first at {first}"));
        }
        if !self.is_about(ledger) {
            warn(
                "QUALITY_UNMATCHED",
                format!("no call_id and no feature in {} is in the log", self.path),
            );
        }
        warnings
    }

    fn is_about(&self, ledger: &Ledger<'_>) -> bool {
        ledger.entries.iter().any(|entry| {
            let feature = ledger.names.text_of(entry.feature);
            let id = ledger.log.strings.text_of(ledger.call(entry).request_id);
            feature.is_some_and(|name| self.features.contains(name))
                || id.is_some_and(|id| self.calls.contains(id))
        })
    }
}

/// A score in millionths.
fn score(text: &str) -> Result<i64, String> {
    let longest = text.find('.').map_or(text.len(), |dot| dot + 1 + DECIMALS);
    let value = text.get(..longest.min(text.len())).and_then(Value::parse);
    match value {
        Some(value) if Unit::Share.allows(value) => Ok(value.millionths()),
        _ => Err(format!("`{text}` is no score from 0 to 1")),
    }
}

#[cfg(test)]
mod tests {
    use super::Scores;
    use crate::cli::error::CliError;

    fn read(text: &str) -> Result<Scores, CliError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("scores");
        std::fs::write(&path, text).expect("a file");
        Scores::read(&path)
    }

    #[test]
    fn rows_are_calls_or_features_in_csv_or_json_lines() {
        let csv =
            "Feature, call_id, model, score\nsupport,, mini, 0.5\nsupport,,mini,1\n,c1,mini,0\n";
        let lines = "{\"feature\":\"support\",\"model\":\"mini\",\"score\":0.5}\n\n\
            {\"feature\":\"support\",\"model\":\"mini\",\"score\":\"1.00000000\"}\n\
            {\"call_id\":\"c1\",\"model\":\"mini\",\"score\":0,\"judge\":null}\n";
        for text in [csv, lines] {
            let found = read(text).expect("scores");
            // (0.5 + 1) / 2.
            assert_eq!(found.quality.of_feature("support", "mini"), Some(750_000));
            assert_eq!(found.quality.of_call("c1", "mini"), Some(0));
            assert_eq!((found.rejected, found.first_rejection), (0, None));
        }
    }

    #[test]
    fn a_bad_row_is_counted_and_placed() {
        let text = "call_id,model,score\nc1,mini,1\nc2,mini,1.5\nc3,,1\nc4,mini\n,mini,1\n";
        let found = read(text).expect("one row is good");
        assert_eq!(found.rejected, 4);
        let first = found.first_rejection.unwrap_or_default();
        assert!(first.ends_with("scores:3: `1.5` is no score from 0 to 1"), "{first}");
    }

    #[test]
    fn a_file_without_a_use_is_refused() {
        let message = |text: &str| read(text).expect_err(text).to_string();
        assert!(
            message("call,model,score\nc1,m,1\n").contains("line 1: the columns are call, model")
        );
        assert!(message("call_id,model,score\n").ends_with("it has no rows"));
        assert!(message("").contains("line 1"));
        assert!(message("{\"model\":\"m\",\"score\":1}\n").contains(":1: neither a call_id"));
        assert!(message("{\"model\":\n").contains("no row can be used"));
    }
}
