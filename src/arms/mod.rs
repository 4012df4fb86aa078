//! Compares the arms of an A/B test that ran inside one log.
//!
//! A field of the calls says which arm each belongs to. Every arm's figures
//! are ratios of sums; how sure a difference of two is comes from resampling
//! whole conversations, because the calls of one resemble each other. Knows no
//! file, no report and no reader: scores that stand in a file are handed in.

mod arm;
mod bootstrap;
mod doubts;
mod error;
mod metric;
mod sums;
mod verdict;

pub use arm::Arm;
pub use bootstrap::{RESAMPLES, SEED};
pub use doubts::{Mix, Overlap};
pub use error::ArmsError;
pub use metric::Metric;
pub use sums::Sums;
pub use verdict::{Difference, FEWEST_CALLS, FEWEST_CONVERSATIONS, Interval, Unjudged, Verdict};

use crate::ledger::Ledger;
use crate::selection::Field;
use crate::units::Evidence;

/// More values than this of a field are no arms of a test.
pub const MOST_ARMS: usize = 20;

/// What is compared.
pub struct Settings<'a> {
    /// The field whose value is a call's arm.
    pub field: Field,
    /// The arm that the others are compared with; the largest where none is
    /// named.
    pub control: Option<String>,
    /// Where a call's score comes from.
    pub scores: Scores<'a>,
}

/// Where a call's score comes from.
pub enum Scores<'a> {
    /// A field of the call that holds a number.
    Field(Field),
    /// Measured elsewhere: a score in millionths by request id and model.
    Measured(&'a dyn Fn(&str, &str) -> Option<i64>),
}

/// The arms of a test, side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The arms: the control first, the others by name.
    pub arms: Vec<Arm>,
    /// What is different between each other arm and the control.
    pub differences: Vec<Difference>,
    /// Calls that have no value of the field.
    pub calls_in_no_arm: u64,
    /// Conversations with calls in more than one arm; each of their parts
    /// counts as a conversation of its own.
    pub split_conversations: u64,
    /// How conversations are known; `None` where the log neither names nor
    /// shows any and every call stands alone.
    pub conversations: Option<Evidence>,
    /// Calls whose score is no number.
    pub unreadable_scores: u64,
    /// For each arm but the control, how its time overlaps the control's.
    pub overlaps: Vec<Overlap>,
    /// Features whose part of the traffic is not the control's.
    pub mixes: Vec<Mix>,
}

impl Comparison {
    /// The arm that the others are compared with.
    #[must_use]
    pub fn control(&self) -> &Arm {
        &self.arms[0]
    }

    /// How many intervals were reckoned.
    #[must_use]
    pub fn intervals(&self) -> u64 {
        let judged = self.differences.iter().filter(|difference| difference.interval.is_some());
        judged.count() as u64
    }
}

/// Compares the arms of a log.
///
/// # Errors
/// When the field makes no arms to compare, or the control is none of them.
pub fn compare(ledger: &Ledger<'_>, settings: &Settings<'_>) -> Result<Comparison, ArmsError> {
    let split = arm::split(ledger, settings)?;
    let mut arms = split.arms;
    let control = control(&arms, settings.control.as_deref())?;
    // Draws go by name, so that the choice of a control changes none.
    let samples = bootstrap::samples(&arms);
    let mut samples: Vec<_> = arms.drain(..).zip(samples).collect();
    samples[..=control].rotate_right(1);
    let (arms, samples): (Vec<Arm>, Vec<_>) = samples.into_iter().unzip();
    let evidence = split.conversations.unwrap_or(Evidence::Inferred);
    let evidence = evidence.worst(field_evidence(ledger, &settings.field));
    let has_conversations = split.conversations.is_some();
    let differences = verdict::differences(&arms, &samples, has_conversations, evidence);
    let overlaps = doubts::overlaps(&arms);
    let mixes = match settings.field {
        Field::Feature => Vec::new(),
        _ => doubts::mixes(&arms),
    };
    Ok(Comparison {
        arms,
        differences,
        calls_in_no_arm: split.calls_in_no_arm,
        split_conversations: split.split_conversations,
        conversations: split.conversations,
        unreadable_scores: split.unreadable_scores,
        overlaps,
        mixes,
    })
}

/// How it is known which arm a call is in.
fn field_evidence(ledger: &Ledger<'_>, field: &Field) -> Evidence {
    match field {
        Field::Feature => ledger.feature_evidence,
        Field::CallSite => Evidence::Inferred,
        _ => Evidence::Measured,
    }
}

/// The position of the control: the named arm, else the one with the most
/// calls, of equal ones the first by name.
fn control(arms: &[Arm], named: Option<&str>) -> Result<usize, ArmsError> {
    let Some(name) = named else {
        let largest = arms.iter().map(|arm| arm.sums.calls).max().unwrap_or(0);
        return Ok(arms.iter().position(|arm| arm.sums.calls == largest).unwrap_or(0));
    };
    arms.iter().position(|arm| arm.value == name).ok_or_else(|| ArmsError::NoSuchControl {
        name: name.to_owned(),
        arms: arms.iter().map(|arm| arm.value.clone()).collect(),
    })
}
