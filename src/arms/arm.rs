//! Puts every call into its arm and every conversation into a unit.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::error::ArmsError;
use super::sums::{self, Sums};
use super::{MOST_ARMS, Scores, Settings};
use crate::ledger::Ledger;
use crate::record::call::Call;
use crate::record::symbol::Symbol;
use crate::selection::{CallFields, Field, Fields as _};
use crate::units::{Evidence, Moment, Timestamp};

/// One arm of a test.
#[derive(Clone, Debug, Default)]
pub struct Arm {
    /// The value of the field.
    pub value: String,
    /// Sums over all its calls.
    pub sums: Sums,
    /// Sums of each of its conversations, in the order of the sums.
    pub conversations: Vec<Sums>,
    /// When its calls were made, in order; calls without a date are not here.
    pub times: Vec<Timestamp>,
    /// Calls by feature.
    pub features: BTreeMap<Option<String>, u64>,
    /// How its costs are known.
    pub cost_evidence: Evidence,
}

/// A log cut into arms.
pub(super) struct Split {
    /// By name.
    pub(super) arms: Vec<Arm>,
    pub(super) calls_in_no_arm: u64,
    pub(super) split_conversations: u64,
    pub(super) conversations: Option<Evidence>,
    pub(super) unreadable_scores: u64,
}

/// What a conversation is told apart by. A sub-agent's calls belong to the
/// session that sent it: whoever drew the arm drew it for both.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Conversation {
    Logged(Option<Symbol>, Symbol),
    Deduced(u32),
}

/// Cuts a log into arms.
pub(super) fn split(ledger: &Ledger<'_>, settings: &Settings<'_>) -> Result<Split, ArmsError> {
    if matches!(
        settings.field,
        Field::User | Field::Account | Field::Workspace | Field::Conversation
    ) {
        return Err(ArmsError::NoTreatment { field: settings.field.to_string() });
    }
    let mut draft = Draft::default();
    for (position, entry) in ledger.entries.iter().enumerate() {
        let call = ledger.call(entry);
        let feature = ledger.names.text_of(entry.feature);
        let fields = CallFields { log: ledger.log, call, feature: feature.map(Into::into) };
        let Some(value) = fields.value(&settings.field).filter(|value| !value.is_empty()) else {
            draft.calls_in_no_arm += 1;
            continue;
        };
        let arm = draft.arm(&value);
        let conversation = match call.conversation {
            Some(id) => Conversation::Logged(call.workspace.or(call.account), id),
            None => Conversation::Deduced(ledger.conversations.conversation(position)),
        };
        draft.is_logged &= call.conversation.is_some();
        let score = draft.score(&fields, ledger, call, &settings.scores);
        let sums = Sums::of_call(entry, call, score);
        let found = &mut draft.arms[arm];
        found.times.extend(entry.time.and_then(Moment::timestamp));
        found.cost_evidence = found.cost_evidence.worst(entry.bill.evidence);
        // Names are looked up once per feature, not once per call.
        *draft.features.entry((arm, entry.feature)).or_default() += 1;
        *draft.units.entry((arm, conversation)).or_default() += &sums;
    }
    draft.finish(ledger, settings)
}

#[derive(Default)]
struct Draft {
    arms: Vec<Arm>,
    by_value: FxHashMap<String, usize>,
    units: FxHashMap<(usize, Conversation), Sums>,
    features: FxHashMap<(usize, Option<Symbol>), u64>,
    calls_in_no_arm: u64,
    unreadable_scores: u64,
    is_logged: bool,
}

impl Draft {
    fn arm(&mut self, value: &str) -> usize {
        if let Some(&arm) = self.by_value.get(value) {
            return arm;
        }
        // Before the first call nothing speaks against it.
        self.is_logged |= self.arms.is_empty();
        self.arms.push(Arm { value: value.to_owned(), ..Arm::default() });
        self.by_value.insert(value.to_owned(), self.arms.len() - 1);
        self.arms.len() - 1
    }

    fn score(
        &mut self,
        fields: &CallFields<'_>,
        ledger: &Ledger<'_>,
        call: &Call,
        scores: &Scores<'_>,
    ) -> Option<i64> {
        match scores {
            Scores::Field(field) => {
                let text = fields.value(field)?;
                let score = sums::score(&text);
                self.unreadable_scores += u64::from(score.is_none());
                score
            }
            Scores::Measured(measured) => {
                let strings = &ledger.log.strings;
                let id = strings.text_of(call.request_id)?;
                // Millionths to billionths.
                Some(measured(id, strings.text_of(call.model)?)?.saturating_mul(1_000))
            }
        }
    }

    fn finish(mut self, ledger: &Ledger<'_>, settings: &Settings<'_>) -> Result<Split, ArmsError> {
        self.refuse(ledger, settings)?;
        let split_conversations = self.split_conversations();
        for ((arm, _), mut sums) in std::mem::take(&mut self.units) {
            sums.close();
            self.arms[arm].conversations.push(sums);
        }
        for ((arm, feature), calls) in std::mem::take(&mut self.features) {
            let name = ledger.names.text_of(feature).map(str::to_owned);
            *self.arms[arm].features.entry(name).or_default() += calls;
        }
        for arm in &mut self.arms {
            arm.conversations.sort_unstable();
            arm.times.sort_unstable();
            for sums in &arm.conversations {
                arm.sums += sums;
            }
        }
        self.arms.sort_by(|left, right| left.value.cmp(&right.value));
        let conversations = match (self.is_logged, ledger.conversations.known) {
            (true, _) => Some(Evidence::Measured),
            (false, true) => Some(Evidence::Inferred),
            (false, false) => None,
        };
        Ok(Split {
            arms: self.arms,
            calls_in_no_arm: self.calls_in_no_arm,
            split_conversations,
            conversations,
            unreadable_scores: self.unreadable_scores,
        })
    }

    /// Refuses what is no test.
    fn refuse(&self, ledger: &Ledger<'_>, settings: &Settings<'_>) -> Result<(), ArmsError> {
        let field = settings.field.to_string();
        match self.arms.as_slice() {
            [] if ledger.entries.is_empty() => Err(ArmsError::NoCalls),
            [] => Err(ArmsError::NoArm { field, tags: tags(ledger) }),
            [arm] => Err(ArmsError::OneArm {
                field,
                arm: arm.value.clone(),
                others: self.calls_in_no_arm,
            }),
            arms if arms.len() > MOST_ARMS => {
                let mut first: Vec<String> = arms.iter().map(|arm| arm.value.clone()).collect();
                first.sort_unstable();
                first.truncate(5);
                Err(ArmsError::ManyArms { field, count: arms.len(), most: MOST_ARMS, first })
            }
            _ => Ok(()),
        }
    }

    /// Conversations that stand in more than one arm.
    fn split_conversations(&self) -> u64 {
        let (mut once, mut split) = (FxHashSet::default(), FxHashSet::default());
        for (_, conversation) in self.units.keys() {
            if !once.insert(*conversation) {
                split.insert(*conversation);
            }
        }
        split.len() as u64
    }
}

/// The names of the calls' tags, the first ten of them.
fn tags(ledger: &Ledger<'_>) -> Vec<String> {
    let sets: FxHashSet<_> =
        ledger.entries.iter().filter_map(|entry| ledger.call(entry).tags).collect();
    let tags = sets.into_iter().flat_map(|id| ledger.log.tags(Some(id)));
    let names: BTreeSet<&str> = tags.map(|(name, _)| ledger.log.strings.text(*name)).collect();
    names.into_iter().take(10).map(str::to_owned).collect()
}
