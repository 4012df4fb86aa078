//! Which calls carry which fields, and between which times they lie, by file
//! and over all.

use crate::record::call::{Call, Finish};
use crate::record::lane::Tier;
use crate::record::log::Log;
use crate::record::prompt::NodeId;
use crate::units::{Clock, Moment, Timestamp};

use super::super::super::document::{ClockKind, Field};
use super::FIELDS;

/// Calls by what they carry.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    /// All of them.
    pub(super) calls: u64,
    by_field: [u64; FIELDS.len()],
}

impl Carried {
    /// What the calls of each file carry, and all of them.
    pub(super) fn of(log: &Log) -> (Vec<Self>, Self) {
        let mut files = vec![Self::default(); log.accounting.files.len()];
        let mut all = Self::default();
        for call in &log.calls {
            let carried = FIELDS.map(|field| carries(log, call, field));
            all.add(&carried);
            if let Some(file) = files.get_mut(call.source.file as usize) {
                file.add(&carried);
            }
        }
        (files, all)
    }

    fn add(&mut self, carried: &[bool]) {
        self.calls += 1;
        for (sum, carries) in self.by_field.iter_mut().zip(carried) {
            *sum += u64::from(*carries);
        }
    }

    /// Calls that carry a field.
    pub(super) fn of_field(&self, field: Field) -> u64 {
        let found = FIELDS.iter().zip(&self.by_field).find(|(known, _)| **known == field);
        found.map_or(0, |(_, calls)| *calls)
    }
}

fn carries(log: &Log, call: &Call, field: Field) -> bool {
    let usage = call.usage.get();
    let prompt = log.prompt(call.prompt);
    let end = prompt.map(|prompt| prompt.end).filter(|end| *end != NodeId::ROOT);
    let is_text = end.is_some_and(|end| log.tree.node(end).block.is_some());
    match field {
        Field::Time => call.time.get().is_some(),
        Field::Model => call.model.is_some(),
        Field::Provider => call.provider.is_some() && !call.flags.inferred_provider,
        Field::RequestId => call.request_id.is_some(),
        Field::Session => call.conversation.is_some(),
        Field::User => call.user.is_some(),
        Field::Account => call.account.is_some(),
        Field::Feature => call.feature.is_some(),
        Field::InputTokens => usage.input.is_some(),
        Field::OutputTokens => usage.output.is_some(),
        Field::CacheReads => usage.cache_read.is_some(),
        Field::CacheWrites => usage.cache_write.is_some(),
        Field::WriteLifetimes => usage.cache_write.is_some_and(|writes| {
            writes.unstated.is_zero() && (writes.short.is_some() || writes.long.is_some())
        }),
        Field::Reasoning => usage.reasoning.is_some(),
        Field::PromptTexts => is_text && !call.flags.hidden_head,
        Field::PromptTextsWithoutHead => is_text && call.flags.hidden_head,
        Field::PromptBlocks => end.is_some() && !is_text,
        Field::AnswerTexts => prompt.is_some_and(|prompt| prompt.answer.is_some()),
        Field::Tools => call.request.has_tools.is_some(),
        Field::MaxTokens => call.request.max_tokens.get().is_some(),
        Field::Temperature => call.request.temperature.is_some(),
        Field::Stream => call.request.stream.is_some(),
        Field::FinishReason => call.finish != Finish::Unknown,
        Field::OtherTier => call.tier != Tier::Standard,
        Field::Latency => call.latency_milliseconds.get().is_some(),
        Field::FirstToken => call.first_token_milliseconds.get().is_some(),
        Field::LoggedCost => call.logged_cost.get().is_some(),
    }
}

/// The first and the last time of a file, on either clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    dates: Option<(i64, i64)>,
    relative: Option<(i64, i64)>,
}

impl Times {
    /// The times of each file, and of all.
    pub(super) fn of(log: &Log) -> (Vec<Self>, Self) {
        let mut files = vec![Self::default(); log.accounting.files.len()];
        let mut all = Self::default();
        let mut add = |file: u32, moment: Moment| {
            all.add(moment);
            if let Some(times) = files.get_mut(file as usize) {
                times.add(moment);
            }
        };
        for call in &log.calls {
            if let Some(moment) = call.time.get() {
                add(call.source.file, moment);
            }
        }
        let buckets = log.buckets.iter().map(|bucket| (bucket.source, bucket.start, bucket.end));
        let charges = log.charges.iter().map(|charge| (charge.source, charge.start, charge.end));
        for (source, start, end) in buckets.chain(charges) {
            for time in [start, end].into_iter().flatten() {
                add(source.file, Moment::dated(time));
            }
        }
        (files, all)
    }

    fn add(&mut self, moment: Moment) {
        let span = match moment.clock {
            Clock::Dated => &mut self.dates,
            Clock::Relative => &mut self.relative,
        };
        let at = moment.micros;
        *span = Some(span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
    }

    fn shown(self, pick: impl Fn((i64, i64)) -> i64) -> Option<String> {
        let dated = self.dates.map(|span| Timestamp::from_micros(pick(span)).to_string());
        dated.or_else(|| {
            const SECOND: i64 = 1_000_000;
            let micros = pick(self.relative?);
            Some(format!("{}.{:06} s", micros / SECOND, (micros % SECOND).abs()))
        })
    }

    /// The first time, dates before others.
    pub(super) fn first(&self) -> Option<String> {
        self.shown(|(first, _)| first)
    }

    /// The last time, dates before others.
    pub(super) fn last(&self) -> Option<String> {
        self.shown(|(_, last)| last)
    }

    /// What the times count from.
    pub(super) const fn clock(&self) -> Option<ClockKind> {
        match (self.dates, self.relative) {
            (Some(_), Some(_)) => Some(ClockKind::Mixed),
            (Some(_), None) => Some(ClockKind::Dates),
            (None, Some(_)) => Some(ClockKind::Relative),
            (None, None) => None,
        }
    }
}
