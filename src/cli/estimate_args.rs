//! The flags of `tokopt estimate`: a class of calls without a file. The doc
//! comments of the fields are the help text.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use clap::{ArgAction, Args};

use super::args::{GeneralArguments, WriteArguments};
use super::ladder_args::StepArguments;
use crate::estimate::{Answers, ClassFile, Number};

/// Estimate the ladder of traffic that nobody has logged
///
/// Takes averages instead of a log: a TOML file with classes of calls that are alike, or one class by
/// flags. Everything in the report is what was stated or assumed; nothing is measured.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct EstimateArguments {
    /// A TOML file that describes the traffic; docs/estimate.md explains it
    #[arg(value_name = "FILE", conflicts_with = "described")]
    pub(super) file: Option<PathBuf>,

    #[command(flatten)]
    pub(super) class: ClassArguments,

    #[command(flatten)]
    pub(super) steps: StepArguments,

    /// Lay a price file over the built-in table; repeatable, the last one wins
    #[arg(long = "prices", value_name = "FILE", help_heading = "Prices")]
    pub(super) prices: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) written: WriteArguments,

    #[command(flatten)]
    pub(super) general: GeneralArguments,
}

const EXAMPLES: &str = "\
Examples:
  tokopt estimate --requests 1000000 --model claude-sonnet-4-6 --system-tokens 2000 \\
      --user-tokens 200 --output-tokens 150
  tokopt estimate --requests 50000 --model gpt-5.5 --input-tokens 6000 --output-tokens 400 --hit-rate 0.6
  tokopt estimate workload.toml --set model-routing.share=0.3 -o estimate.md";

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Traffic, on average")]
#[group(id = "described", multiple = true)]
pub(super) struct ClassArguments {
    /// Requests a month
    #[arg(long, value_name = "N", required_unless_present = "file")]
    pub(super) requests: Option<Number>,

    /// The model, as the provider names it
    #[arg(long, value_name = "MODEL", required_unless_present = "file")]
    pub(super) model: Option<String>,

    /// Who sells the model, where several do
    #[arg(long, value_name = "NAME")]
    pub(super) provider: Option<String>,

    /// All tokens of a prompt; what its parts leave over is the user's
    #[arg(long, value_name = "N")]
    pub(super) input_tokens: Option<Number>,

    /// Tokens of tool definitions
    #[arg(long, value_name = "N")]
    pub(super) tool_tokens: Option<Number>,

    /// Tokens of the system prompt
    #[arg(long, value_name = "N")]
    pub(super) system_tokens: Option<Number>,

    /// Tokens of examples that stand in every prompt
    #[arg(long, value_name = "N")]
    pub(super) few_shot_tokens: Option<Number>,

    /// Tokens of documents and retrieved passages
    #[arg(long, value_name = "N")]
    pub(super) document_tokens: Option<Number>,

    /// Tokens of earlier turns, on average over a conversation
    #[arg(long, value_name = "N")]
    pub(super) history_tokens: Option<Number>,

    /// Tokens of the user's last turn
    #[arg(long, value_name = "N")]
    pub(super) user_tokens: Option<Number>,

    /// Tokens of the answer
    #[arg(long, value_name = "N", required_unless_present = "file")]
    pub(super) output_tokens: Option<Number>,

    /// What answers would average under a limit
    #[arg(long, value_name = "N")]
    pub(super) limited_output_tokens: Option<Number>,

    /// Requests of one conversation [default: 1]
    #[arg(long, value_name = "N")]
    pub(super) turns: Option<Number>,

    /// What the answers are [default: text]
    #[arg(long, value_name = "KIND", value_parser = answers())]
    pub(super) answers: Option<Answers>,

    /// The share of prefix tokens that a cache serves [default: assumed]
    #[arg(long, value_name = "SHARE")]
    pub(super) hit_rate: Option<Number>,

    /// The share of requests that a cheaper model serves as well
    #[arg(long, value_name = "SHARE")]
    pub(super) easy_share: Option<Number>,

    /// The share of requests that can wait a day
    #[arg(long, value_name = "SHARE")]
    pub(super) batchable_share: Option<Number>,

    /// The share of requests equal to an earlier one
    #[arg(long, value_name = "SHARE")]
    pub(super) repeated_share: Option<Number>,

    /// The share of every part of the prompt that can be left out
    #[arg(long, value_name = "SHARE")]
    pub(super) removable_share: Option<Number>,

    /// The same documents stand in every prompt
    #[arg(long, action = ArgAction::SetTrue)]
    pub(super) stable_documents: bool,

    /// Tokens of all documents there are
    #[arg(long, value_name = "N")]
    pub(super) corpus_tokens: Option<Number>,

    /// The model to tune for it
    #[arg(long, value_name = "MODEL")]
    pub(super) tuned_model: Option<String>,
}

impl ClassArguments {
    /// The class that a file would have.
    pub(super) fn class(&self) -> ClassFile {
        ClassFile {
            name: None,
            requests: self.requests,
            share: None,
            provider: self.provider.clone(),
            model: self.model.clone(),
            input_tokens: self.input_tokens,
            tool_tokens: self.tool_tokens,
            system_tokens: self.system_tokens,
            few_shot_tokens: self.few_shot_tokens,
            document_tokens: self.document_tokens,
            history_tokens: self.history_tokens,
            user_tokens: self.user_tokens,
            output_tokens: self.output_tokens,
            limited_output_tokens: self.limited_output_tokens,
            turns: self.turns,
            answers: self.answers.unwrap_or_default(),
            hit_rate: self.hit_rate,
            easy_share: self.easy_share,
            route: Vec::new(),
            batchable_share: self.batchable_share,
            repeated_share: self.repeated_share,
            removable_share: self.removable_share,
            stable_documents: self.stable_documents,
            corpus_tokens: self.corpus_tokens,
            tuned_model: self.tuned_model.clone(),
        }
    }
}

fn answers() -> impl clap::builder::TypedValueParser<Value = Answers> {
    let names = Answers::ALL.map(|kind| {
        PossibleValue::new(kind.name()).help(match kind {
            Answers::Text => "prose, which can be made briefer",
            Answers::Json => "data of a fixed form",
            Answers::Labels => "one of a few fixed answers: a narrow task",
        })
    });
    PossibleValuesParser::new(names)
        .map(|name| Answers::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or_default())
}
