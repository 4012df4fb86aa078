//! `--what-if OLD=NEW`: which models take whose place.

use super::error::CliError;
use crate::ladder::what_if::{WhatIf, what_if};
use crate::prices::{Match, PriceTable};
use crate::techniques::parameters::Assumptions;
use crate::techniques::traffic::Traffic;

/// A model of the log and the one in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    old: String,
    new: String,
}

impl Question {
    /// Reads every `OLD=NEW`.
    ///
    /// # Errors
    /// When a text has no `=` or nothing on one of its sides.
    pub(super) fn parse_all(texts: &[String]) -> Result<Vec<Self>, CliError> {
        texts.iter().map(|text| Self::parse(text)).collect()
    }

    fn parse(text: &str) -> Result<Self, CliError> {
        let sides = text.split_once('=').map(|(old, new)| (old.trim(), new.trim()));
        match sides.filter(|(old, new)| !old.is_empty() && !new.is_empty()) {
            Some((old, new)) => Ok(Self { old: old.to_owned(), new: new.to_owned() }),
            None => Err(CliError::Setting {
                setting: "--what-if".to_owned(),
                message: format!("`{text}` does not name two models"),
                hint: Some("write OLD=NEW, such as gpt-5=gpt-5-mini".to_owned()),
            }),
        }
    }

    /// Finds the new model: where the old one is sold, else where any is.
    ///
    /// # Errors
    /// When the price table has no such model.
    pub(super) fn find<'t>(&self, table: &'t PriceTable) -> Result<Match<'t>, CliError> {
        let seller = table.find(None, &self.old).map(|found| found.model().provider());
        let there = seller.and_then(|seller| table.find(Some(seller), &self.new));
        there.or_else(|| table.find(None, &self.new)).ok_or_else(|| CliError::UnknownModel {
            model: self.new.clone(),
            suggestions: table.suggestions(&self.new),
        })
    }
}

/// Answers every question.
///
/// # Errors
/// When the price table has no such model.
pub(super) fn answers(
    questions: &[Question],
    table: &PriceTable,
    traffic: &Traffic<'_>,
    assumptions: &Assumptions,
) -> Result<Vec<WhatIf>, CliError> {
    let answer = |question: &Question| {
        let new = question.find(table)?;
        Ok(what_if(traffic, assumptions, &question.old, &new))
    };
    questions.iter().map(answer).collect()
}

#[cfg(test)]
mod tests {
    use super::Question;
    use crate::prices::PriceTable;

    fn parse(text: &str) -> Result<Question, String> {
        Question::parse(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_question_names_two_models_of_which_one_has_a_price() {
        let table = PriceTable::embedded().expect("the table is sound");
        let found = |text: &str| {
            let question = parse(text).expect(text);
            let found = question.find(&table).map(|found| found.model().id().to_owned());
            found.map_err(|error| (error.to_string(), error.hint().unwrap_or_default()))
        };
        assert_eq!(found("in-house = gpt-4o-mini").as_deref(), Ok("gpt-4o-mini"));
        let (message, hint) = found("gpt-4o=gpt-4o-mimi").expect_err("no such model");
        assert!(message.contains("`gpt-4o-mimi`") && hint.contains("gpt-4o-mini"), "{hint}");
        for text in ["gpt-4o", "=gpt-4o", "gpt-4o= "] {
            assert!(parse(text).is_err_and(|error| error.contains("does not name two models")));
        }
    }
}
