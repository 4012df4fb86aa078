//! What is known of every feature and model as a whole: the first of the two
//! phases. Statistics are of logged calls, before any rewriting, and merge in
//! any order and grouping to the same result.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::call::{Finish, Operation, Status};

use super::traffic::{CallIndex, GroupIndex, Traffic};

/// Statistics of every group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    groups: Vec<GroupProfile>,
}

/// What the calls of a feature and model look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupProfile {
    /// Calls.
    pub calls: u64,
    /// Calls that ask for embeddings.
    pub embeddings: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Calls whose answer ended at the output limit.
    pub length_stops: u64,
    /// Calls that say why their answer ended.
    pub finishes: u64,
    /// Calls that offered tools or called one.
    pub with_tools: u64,
    /// Calls that generated reasoning.
    pub with_reasoning: u64,
    /// Calls that were streamed.
    pub streamed: u64,
    /// Calls that stand in a conversation with others or carry its history.
    pub multi_turn: u64,
    /// Calls that name a user.
    pub with_user: u64,
    /// Calls already in the batch lane.
    pub batched: u64,
    /// Calls whose texts were logged.
    pub with_text: u64,
    /// Answers in JSON.
    pub json_answers: u64,
    /// Prompt tokens of all calls.
    pub input: u64,
    /// Output tokens of all calls.
    pub output: u64,
    /// How often each number of output tokens was generated.
    pub outputs: Histogram,
    /// The same of answers that ended by themselves.
    pub finished_outputs: Histogram,
    /// How often each answer was given.
    pub answers: BTreeMap<u64, u64>,
    /// How often each head (tools and system prompt) was sent.
    pub heads: BTreeMap<u64, u64>,
    /// The longest prompt.
    pub longest_input: u64,
    /// When the calls were made, in microseconds, ascending.
    pub times: Vec<i64>,
    /// Days on which each half hour of the day had a call, and its calls.
    pub slots: BTreeMap<u8, (BTreeSet<i64>, u64)>,
}

/// Exact counts by value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: BTreeMap<u64, u64>,
    total: u64,
}

impl Histogram {
    /// Counts a value.
    pub fn add(&mut self, value: u64) {
        *self.counts.entry(value).or_default() += 1;
        self.total += 1;
    }

    /// How many values were counted.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.total
    }

    /// Whether no value was counted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The ⌈share · n⌉-th smallest value, the share in millionths.
    #[must_use]
    pub fn quantile(&self, millionths: i64) -> Option<u64> {
        let share = u128::try_from(millionths.clamp(0, 1_000_000)).unwrap_or(0);
        let rank = (u128::from(self.total) * share).div_ceil(1_000_000).max(1);
        let mut seen = 0_u128;
        self.counts.iter().find_map(|(value, count)| {
            seen += u128::from(*count);
            (seen >= rank).then_some(*value)
        })
    }

    /// Values with their counts, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.counts.iter().map(|(value, count)| (*value, *count))
    }

    fn merge(&mut self, other: &Self) {
        for (value, count) in &other.counts {
            *self.counts.entry(*value).or_default() += count;
        }
        self.total += other.total;
    }
}

impl Profile {
    /// Looks over some of the calls of a log.
    #[must_use]
    pub fn of(traffic: &Traffic<'_>, calls: impl Iterator<Item = CallIndex>) -> Self {
        let mut groups = vec![GroupProfile::default(); traffic.groups.len()];
        for index in calls {
            groups[traffic.call(index).group.0 as usize].add(traffic, index);
        }
        for group in &mut groups {
            group.times.sort_unstable();
        }
        Self { groups }
    }

    /// Adds what was seen of other calls of the same log.
    #[must_use]
    pub fn merge(mut self, other: &Self) -> Self {
        self.groups.resize_with(self.groups.len().max(other.groups.len()), Default::default);
        for (group, other) in self.groups.iter_mut().zip(&other.groups) {
            group.merge(other);
        }
        self
    }

    /// A group's statistics.
    #[must_use]
    pub fn group(&self, index: GroupIndex) -> &GroupProfile {
        &self.groups[index.0 as usize]
    }

    /// Every group.
    pub fn groups(&self) -> impl Iterator<Item = (GroupIndex, &GroupProfile)> {
        (0..).map(GroupIndex).zip(&self.groups)
    }
}

const HALF_HOUR: i64 = 1_800_000_000;
const HALF_HOURS_A_DAY: i64 = 48;

impl GroupProfile {
    /// Distinct answers that were seen.
    #[must_use]
    pub fn distinct_answers(&self) -> u64 {
        self.answers.len() as u64
    }

    /// Answers whose text was logged.
    #[must_use]
    pub fn logged_answers(&self) -> u64 {
        self.answers.values().sum()
    }

    fn add(&mut self, traffic: &Traffic<'_>, index: CallIndex) {
        let call = traffic.record(index);
        let usage = call.usage.get();
        let one_if = u64::from;
        self.calls += 1;
        self.embeddings += one_if(call.operation == Operation::Embeddings);
        self.errors += one_if(call.status == Status::Error || call.finish == Finish::Error);
        self.length_stops += one_if(call.finish == Finish::Length);
        self.finishes += one_if(call.finish != Finish::Unknown);
        self.with_tools +=
            one_if(call.request.has_tools == Some(true) || call.finish == Finish::ToolCalls);
        self.with_reasoning += one_if(usage.reasoning.is_some_and(|tokens| !tokens.is_zero()));
        self.streamed += one_if(call.request.stream == Some(true));
        self.multi_turn += one_if(is_multi_turn(traffic, index));
        self.with_user += one_if(call.user.is_some());
        self.batched += one_if(call.tier == crate::record::lane::Tier::Batch);
        self.with_text += one_if(traffic.has_text(index));
        let input = usage.input.unwrap_or_default().get();
        self.input += input;
        self.longest_input = self.longest_input.max(input);
        if let Some(output) = usage.output {
            self.output += output.get();
            self.outputs.add(output.get());
            if matches!(call.finish, Finish::Stop | Finish::ToolCalls) {
                self.finished_outputs.add(output.get());
            }
        }
        if let Some(prompt) = traffic.recorded(index) {
            if prompt.end != crate::record::prompt::NodeId::ROOT {
                *self.heads.entry(prompt.head_hash).or_default() += 1;
            }
            if let Some(answer) = prompt.answer {
                *self.answers.entry(answer.hash).or_default() += 1;
                self.json_answers += one_if(answer.is_json);
            }
        }
        let time = traffic.call(index).time;
        self.times.push(time);
        let half_hours = time.div_euclid(HALF_HOUR);
        let slot = u8::try_from(half_hours.rem_euclid(HALF_HOURS_A_DAY)).unwrap_or(0);
        let entry = self.slots.entry(slot).or_default();
        entry.0.insert(half_hours.div_euclid(HALF_HOURS_A_DAY));
        entry.1 += 1;
    }

    fn merge(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.calls, other.calls),
            (&mut self.embeddings, other.embeddings),
            (&mut self.errors, other.errors),
            (&mut self.length_stops, other.length_stops),
            (&mut self.finishes, other.finishes),
            (&mut self.with_tools, other.with_tools),
            (&mut self.with_reasoning, other.with_reasoning),
            (&mut self.streamed, other.streamed),
            (&mut self.multi_turn, other.multi_turn),
            (&mut self.with_user, other.with_user),
            (&mut self.batched, other.batched),
            (&mut self.with_text, other.with_text),
            (&mut self.json_answers, other.json_answers),
            (&mut self.input, other.input),
            (&mut self.output, other.output),
        ] {
            *sum += more;
        }
        self.longest_input = self.longest_input.max(other.longest_input);
        self.outputs.merge(&other.outputs);
        self.finished_outputs.merge(&other.finished_outputs);
        for (map, more) in [(&mut self.answers, &other.answers), (&mut self.heads, &other.heads)] {
            for (key, count) in more {
                *map.entry(*key).or_default() += count;
            }
        }
        self.times.extend_from_slice(&other.times);
        self.times.sort_unstable();
        for (slot, (days, calls)) in &other.slots {
            let entry = self.slots.entry(*slot).or_default();
            entry.0.extend(days);
            entry.1 += calls;
        }
    }
}

/// Whether a call belongs to a longer conversation: a later or earlier call is
/// in the log, or its prompt carries an answer.
fn is_multi_turn(traffic: &Traffic<'_>, index: CallIndex) -> bool {
    if traffic.conversation_length(index) > 1 {
        return true;
    }
    let entry = traffic.call(index).entry as usize;
    let parts = traffic.ledger.components.parts(entry);
    parts.iter().any(|part| part.component == crate::record::component::Component::History)
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let mut histogram = Histogram::default();
        for value in [5, 1, 9, 3, 7, 3, 3, 8, 2, 10] {
            histogram.add(value);
        }
        // Sorted: 1 2 3 3 3 5 7 8 9 10; the ninth of ten is 9, the tenth 10.
        assert_eq!(histogram.quantile(900_000), Some(9));
        assert_eq!(histogram.quantile(900_001), Some(10));
        assert_eq!(histogram.quantile(500_000), Some(3));
        assert_eq!(histogram.quantile(0), Some(1));
        assert_eq!(Histogram::default().quantile(500_000), None);
    }
}
