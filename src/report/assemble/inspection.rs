//! The document of an inspection: what the files are, what their calls carry,
//! and how far that goes.

mod fields;
mod raises;

use crate::ladder::reach::Reach;
use crate::record::log::{FileAccount, Log};
use crate::techniques::traffic::Traffic;

use super::super::document::{
    Field, FieldShare, INSPECTION_SCHEMA_VERSION, IgnoredReason, InspectedFile, Inspection,
    InspectionNote, LeverGrade, ReachReason, RejectedReason, Sums, TechniqueReach, Verdict,
};
use fields::{Carried, Times};
use raises::Facts;

/// Makes the document of an inspection of some traffic, whose techniques have
/// looked it over.
#[must_use]
pub fn inspection(traffic: &Traffic<'_>, reaches: &[Reach]) -> Inspection {
    let log = traffic.ledger.log;
    let (per_file, all) = Carried::of(log);
    let (times, _) = Times::of(log);
    let facts = Facts::of(traffic, &all);
    let sum = |pick: fn(&FileAccount) -> u64| log.accounting.files.iter().map(pick).sum();
    let files = log.accounting.files.iter().enumerate().map(|(at, account)| {
        let nothing = Carried::default();
        file(account, per_file.get(at).unwrap_or(&nothing), times.get(at))
    });
    let (buckets, charges) = (sum(|file| file.buckets), sum(|file| file.charges));
    Inspection {
        schema_version: INSPECTION_SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        files: files.collect(),
        calls: log.calls.len() as u64,
        buckets,
        charges,
        fields: all.shares(),
        untimed_calls: traffic.left_out.untimed,
        unpriced_calls: traffic.left_out.unpriced,
        techniques: if log.calls.is_empty() {
            Vec::new()
        } else {
            reaches.iter().map(|reach| technique(reach, &facts)).collect()
        },
        sums: sums(buckets, charges),
        notes: notes(log),
    }
}

fn notes(log: &Log) -> Vec<InspectionNote> {
    let notes = log.accounting.notes.iter().map(|note| InspectionNote {
        code: note.code.to_owned(),
        message: note.message.to_owned(),
        records: note.records,
    });
    notes.collect()
}

fn file(account: &FileAccount, carried: &Carried, times: Option<&Times>) -> InspectedFile {
    let recognition = account.recognition.clone().unwrap_or_default();
    let owned = |words: &[&'static str]| words.iter().map(|word| (*word).to_owned()).collect();
    let reasons = account.ignored.iter();
    InspectedFile {
        path: account.path.clone(),
        format: (!account.format.is_empty()).then(|| account.format.to_owned()),
        known_by: owned(&recognition.names),
        forced: recognition.forced,
        also_claimed_by: owned(&recognition.others),
        convention: account.recognition.as_ref().map(|found| found.convention.to_owned()),
        lines: account.lines,
        calls: carried.calls,
        kept: account.calls,
        buckets: account.buckets,
        charges: account.charges,
        duplicates: account.duplicates,
        ignored: account.ignored_total(),
        ignored_reasons: reasons
            .map(|(reason, lines)| IgnoredReason { reason: (*reason).to_owned(), lines: *lines })
            .collect(),
        rejected: account.rejected,
        rejected_reasons: rejected(account),
        first_time: times.and_then(Times::first),
        last_time: times.and_then(Times::last),
        clock: times.and_then(Times::clock),
        fields: carried.shares(),
    }
}

/// The reasons of a file's rejections, the commonest first.
fn rejected(account: &FileAccount) -> Vec<RejectedReason> {
    let mut reasons: Vec<RejectedReason> = Vec::new();
    for rejection in &account.rejections {
        match reasons.iter_mut().find(|known| known.reason == rejection.reason) {
            Some(known) => known.lines += 1,
            None => reasons.push(RejectedReason {
                reason: rejection.reason.clone(),
                lines: 1,
                first_line: rejection.line,
            }),
        }
    }
    reasons.sort_by_key(|reason| (std::cmp::Reverse(reason.lines), reason.first_line));
    reasons
}

fn technique(reach: &Reach, facts: &Facts) -> TechniqueReach {
    let is_unknown = reach.skip.as_ref().is_some_and(|skip| skip.unknown);
    let verdict = match reach.evidence() {
        Some(evidence) => Verdict::from(evidence),
        None if is_unknown => Verdict::Unknown,
        None => Verdict::RuledOut,
    };
    TechniqueReach {
        technique: reach.technique.name().to_owned(),
        verdict,
        levers: reach
            .levers
            .iter()
            .map(|lever| LeverGrade { lever: lever.name, evidence: lever.evidence })
            .collect(),
        acting_calls: reach.acting,
        ruled_out_calls: reach.ruled_out,
        untold_calls: reach.untold,
        reason: reach
            .skip
            .as_ref()
            .map(|skip| ReachReason { code: skip.code.to_owned(), message: skip.message.clone() }),
        raised_by: facts.raises(reach, verdict),
    }
}

/// What can be done with what says nothing of single calls.
fn sums(buckets: u64, charges: u64) -> Option<Sums> {
    let (can, what): (Vec<&'static str>, &str) = match (buckets, charges) {
        (0, 0) => return None,
        (0, _) => (vec!["reconcile: billed amounts beside priced calls"], "billed amounts"),
        (_, 0) => (SUMMED.to_vec(), "sums"),
        _ => {
            let both = [SUMMED, &["reconcile: billed amounts beside priced calls"]].concat();
            (both, "sums and billed amounts")
        }
    };
    Some(Sums {
        can,
        cannot: vec!["replay: nothing says which calls are inside, so no technique is tried"],
        raised_by: format!("a log of single calls beside these {what}"),
    })
}

const SUMMED: &[&str] = &[
    "attribute: by model, account, tier and day",
    "price: by the table",
    "estimate: as averages for `tokopt estimate`",
];

/// Where a field stands among all of them.
const FIELDS: [Field; 27] = [
    Field::Time,
    Field::Model,
    Field::Provider,
    Field::RequestId,
    Field::Session,
    Field::User,
    Field::Account,
    Field::Feature,
    Field::InputTokens,
    Field::OutputTokens,
    Field::CacheReads,
    Field::CacheWrites,
    Field::WriteLifetimes,
    Field::Reasoning,
    Field::PromptTexts,
    Field::PromptTextsWithoutHead,
    Field::PromptBlocks,
    Field::AnswerTexts,
    Field::Tools,
    Field::MaxTokens,
    Field::Temperature,
    Field::Stream,
    Field::FinishReason,
    Field::OtherTier,
    Field::Latency,
    Field::FirstToken,
    Field::LoggedCost,
];

impl Carried {
    /// Every field with the calls that carry it; none without calls.
    fn shares(&self) -> Vec<FieldShare> {
        let share = |field: &Field| {
            let calls = self.of_field(*field);
            crate::units::Share::of_counts(calls, self.calls).map(|share| FieldShare {
                field: *field,
                calls,
                share,
            })
        };
        FIELDS.iter().filter_map(share).collect()
    }
}
