//! A workload as it is written: a TOML file, or the flags that stand for one
//! class of it. Checked here, so that everything behind it can rely on it.
//!
//! `docs/estimate.md` explains every field.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{self, Visitor};

use crate::techniques::parameter::{Unit, Value};
use crate::techniques::parameters::Assumptions;

use super::amount::{less, product, sum};
use super::class::{Answers, Class, Components, Route};
use super::climb::Workload;
use super::error::EstimateError;

/// The shape of a workload file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkloadFile {
    /// Requests a month of all classes that state a share.
    pub requests: Option<Number>,
    /// Classes of calls that are alike.
    pub class: Vec<ClassFile>,
    /// Named numbers, by technique, as in a project's settings file.
    pub assumptions: BTreeMap<String, BTreeMap<String, Setting>>,
}

/// A class as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClassFile {
    /// What the calls are for.
    pub name: Option<String>,
    /// Requests a month.
    pub requests: Option<Number>,
    /// The share of the file's requests, instead.
    pub share: Option<Number>,
    /// Who sells the model.
    pub provider: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// All tokens of a prompt; what its parts leave over is the user's.
    pub input_tokens: Option<Number>,
    /// Tokens of tool definitions.
    pub tool_tokens: Option<Number>,
    /// Tokens of the system prompt.
    pub system_tokens: Option<Number>,
    /// Tokens of examples.
    pub few_shot_tokens: Option<Number>,
    /// Tokens of documents.
    pub document_tokens: Option<Number>,
    /// Tokens of earlier turns.
    pub history_tokens: Option<Number>,
    /// Tokens of the user's last turn.
    pub user_tokens: Option<Number>,
    /// Tokens of the answer.
    pub output_tokens: Option<Number>,
    /// Tokens of the answer under a limit.
    pub limited_output_tokens: Option<Number>,
    /// Requests of one conversation.
    pub turns: Option<Number>,
    /// What the answers are.
    pub answers: Answers,
    /// The share of prefix tokens that a cache serves.
    pub hit_rate: Option<Number>,
    /// The share of requests that a cheaper model serves as well.
    pub easy_share: Option<Number>,
    /// Models that shares of the requests go to.
    pub route: Vec<RouteFile>,
    /// The share of requests that can wait.
    pub batchable_share: Option<Number>,
    /// The share of requests equal to an earlier one.
    pub repeated_share: Option<Number>,
    /// The share of the prompt that can be left out.
    pub removable_share: Option<Number>,
    /// Whether the same documents stand in every prompt.
    pub stable_documents: bool,
    /// Tokens of all documents there are.
    pub corpus_tokens: Option<Number>,
    /// The model to tune.
    pub tuned_model: Option<String>,
}

/// Another model for a share of the requests, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteFile {
    /// The model.
    pub model: String,
    /// The share of requests.
    pub share: Number,
}

/// A plain decimal number, with or without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(pub Value);

/// A parameter's value: a number, `"inf"`, or a switch as `true` or `false`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting(pub Value);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Decimal { may_switch: false }).map(Self)
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Decimal { may_switch: true }).map(Self)
    }
}

struct Decimal {
    may_switch: bool,
}

impl Visitor<'_> for Decimal {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number with at most six decimals")
    }

    fn visit_bool<E: de::Error>(self, is_on: bool) -> Result<Value, E> {
        if self.may_switch {
            return Ok(if is_on { Value::ONE } else { Value::ZERO });
        }
        Err(E::invalid_type(de::Unexpected::Bool(is_on), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        self.visit_str(&number.to_string())
    }

    // The shortest decimal of a float is the one in the file.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        let value = Value::parse(text.trim());
        value.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl std::str::FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.trim().replace('_', "");
        let whole = if plain.starts_with('.') { format!("0{plain}") } else { plain };
        let value = Value::parse(&whole);
        value.map(Self).ok_or_else(|| "it takes a number with at most six decimals".to_owned())
    }
}

/// A million tokens are the largest prompts sold; this leaves room.
const MOST_TOKENS: Value = Value::whole(100_000_000);
/// More requests than seconds in thirty thousand years.
const MOST_REQUESTS: Value = Value::whole(1_000_000_000_000);
/// Longer conversations are agents' runs; a log shows what they are like.
const MOST_TURNS: Value = Value::whole(10_000);

impl WorkloadFile {
    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is no TOML of this shape; the error names the line.
    pub fn parse(text: &str) -> Result<Self, EstimateError> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            EstimateError::File {
                line: before.matches('\n').count() + 1,
                message: error.message().lines().collect::<Vec<_>>().join(", "),
            }
        })
    }

    /// The workload that is meant, with the file's parameters over those in
    /// force.
    ///
    /// # Errors
    /// When a value is missing or cannot be meant.
    pub fn workload(&self, mut assumptions: Assumptions) -> Result<Workload, EstimateError> {
        for (technique, values) in &self.assumptions {
            for (name, Setting(value)) in values {
                assumptions.set(&format!("{technique}.{name}"), &value.to_string())?;
            }
        }
        if self.class.is_empty() {
            return Err(EstimateError::Empty);
        }
        let classes = self.class.iter().map(|class| class.checked(self.requests));
        Ok(Workload { classes: classes.collect::<Result<_, _>>()?, assumptions })
    }
}

impl ClassFile {
    fn checked(&self, whole: Option<Number>) -> Result<Class, EstimateError> {
        let name = self.name.clone().unwrap_or_else(|| "traffic".to_owned());
        let check = Check { class: &name };
        let turns = check.count("turns", self.turns, MOST_TURNS)?.unwrap_or(1);
        let output = check.tokens("output_tokens", self.output_tokens)?;
        let output = output.ok_or_else(|| check.fault("output_tokens are missing"))?;
        let model = self.model.clone().ok_or_else(|| check.fault("the model is missing"))?;
        let mut routes = Vec::with_capacity(self.route.len());
        for route in &self.route {
            let share = check.share("route.share", Some(route.share))?.unwrap_or_default();
            routes.push(Route { model: route.model.clone(), share });
        }
        let routed: Vec<Value> = routes.iter().map(|route| route.share).collect();
        if sum(&routed) > Value::ONE {
            return Err(check.fault("the shares of its routes add up to more than 1"));
        }
        if !routes.is_empty() && self.easy_share.is_some() {
            return Err(check.fault("a route says more than easy_share: give one of them"));
        }
        Ok(Class {
            requests: self.requests(&check, whole)?,
            provider: self.provider.clone(),
            model,
            prompt: self.prompt(&check, turns, output)?,
            output,
            limited_output: check.tokens("limited_output_tokens", self.limited_output_tokens)?,
            turns,
            answers: self.answers,
            hit_rate: check.share("hit_rate", self.hit_rate)?,
            easy_share: check.share("easy_share", self.easy_share)?,
            routes,
            batchable_share: check.share("batchable_share", self.batchable_share)?,
            repeated_share: check.share("repeated_share", self.repeated_share)?,
            removable_share: check.share("removable_share", self.removable_share)?,
            stable_documents: self.stable_documents,
            corpus_tokens: check.number("corpus_tokens", self.corpus_tokens, MOST_REQUESTS)?,
            tuned_model: self.tuned_model.clone(),
            name,
        })
    }

    fn requests(&self, check: &Check<'_>, whole: Option<Number>) -> Result<u64, EstimateError> {
        let own = check.count("requests", self.requests, MOST_REQUESTS)?;
        let share = check.share("share", self.share)?;
        let whole = check.count("requests", whole, MOST_REQUESTS)?;
        match (own, share, whole) {
            (Some(_), Some(_), _) => Err(check.fault("give requests or a share of them, not both")),
            (Some(requests), None, _) => Ok(requests),
            (None, Some(share), Some(whole)) => {
                let whole = i64::try_from(whole).unwrap_or(i64::MAX / Value::MILLION);
                Ok(product(Value::whole(whole), share).floor())
            }
            (None, Some(_), None) => {
                Err(check.fault("a share needs the file's `requests` above the classes"))
            }
            (None, None, _) => Err(check.fault("requests are missing")),
        }
    }

    fn prompt(
        &self,
        check: &Check<'_>,
        turns: u64,
        output: Value,
    ) -> Result<Components, EstimateError> {
        let tokens =
            |name, number| Ok::<_, EstimateError>(check.tokens(name, number)?.unwrap_or_default());
        let mut prompt = Components {
            tools: tokens("tool_tokens", self.tool_tokens)?,
            system: tokens("system_tokens", self.system_tokens)?,
            few_shot: tokens("few_shot_tokens", self.few_shot_tokens)?,
            documents: tokens("document_tokens", self.document_tokens)?,
            history: tokens("history_tokens", self.history_tokens)?,
            user: tokens("user_tokens", self.user_tokens)?,
        };
        if turns == 1 && prompt.history > Value::ZERO {
            return Err(check.fault("history_tokens need turns above 1"));
        }
        if turns > 1 && self.history_tokens.is_none() && self.input_tokens.is_none() {
            // Turn k carries the questions and answers of k - 1 others.
            let halves = i64::try_from(turns - 1).unwrap_or(0) * (Value::MILLION / 2);
            prompt.history = product(sum(&[prompt.user, output]), Value::from_millionths(halves));
        }
        let parts = sum(&[
            prompt.tools,
            prompt.system,
            prompt.few_shot,
            prompt.documents,
            prompt.history,
            prompt.user,
        ]);
        let whole = tokens("input_tokens", self.input_tokens)?;
        if self.input_tokens.is_some() {
            if parts > whole || (self.user_tokens.is_some() && parts != whole) {
                return Err(check.fault(&format!(
                    "its parts have {parts} tokens, but input_tokens says {whole}"
                )));
            }
            prompt.user = sum(&[prompt.user, less(whole, parts)]);
        } else if parts == Value::ZERO {
            return Err(check.fault("its prompt has no tokens: give input_tokens or its parts"));
        }
        Ok(prompt)
    }
}

/// Checks the values of one class.
struct Check<'c> {
    class: &'c str,
}

impl Check<'_> {
    fn fault(&self, message: &str) -> EstimateError {
        EstimateError::Class { class: self.class.to_owned(), message: message.to_owned() }
    }

    fn number(
        &self,
        name: &str,
        number: Option<Number>,
        most: Value,
    ) -> Result<Option<Value>, EstimateError> {
        match number {
            Some(Number(value)) if value < Value::ZERO || value > most => {
                Err(self.fault(&format!("{name} takes a number from 0 to {most}, not {value}")))
            }
            number => Ok(number.map(|Number(value)| value)),
        }
    }

    fn tokens(&self, name: &str, number: Option<Number>) -> Result<Option<Value>, EstimateError> {
        self.number(name, number, MOST_TOKENS)
    }

    fn count(
        &self,
        name: &str,
        number: Option<Number>,
        most: Value,
    ) -> Result<Option<u64>, EstimateError> {
        let Some(value) = self.number(name, number, most)? else { return Ok(None) };
        if !Unit::Count.allows(value) || value == Value::ZERO {
            return Err(self.fault(&format!("{name} takes a whole number from 1, not {value}")));
        }
        Ok(Some(value.floor()))
    }

    fn share(&self, name: &str, number: Option<Number>) -> Result<Option<Value>, EstimateError> {
        let value = number.map(|Number(value)| value);
        match value {
            Some(value) if !Unit::Share.allows(value) => {
                Err(self.fault(&format!("{name} takes {}, not {value}", Unit::Share.expects())))
            }
            value => Ok(value),
        }
    }
}
