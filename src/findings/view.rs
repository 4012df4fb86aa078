//! What all finders look at: the ledger, its sessions, its chains of calls.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::ledger::Ledger;
use crate::record::call::Call;
use crate::record::prompt::Prompt;
use crate::record::symbol::Symbol;
use crate::units::{Clock, Evidence, Timestamp, Tokens};

use super::Settings;
use super::groups::{self, Key};
use super::session::Session;

/// The prompt of a call whose request itself was logged. Session logs have
/// prompts put together from messages, which know no parameter and have no hash.
pub(super) fn request<'l>(ledger: &'l Ledger<'_>, call: &Call) -> Option<&'l Prompt> {
    ledger.log.prompt(call.prompt).filter(|prompt| prompt.request_hash != 0)
}

/// A log, prepared to be looked over.
pub struct View<'v> {
    pub(super) ledger: &'v Ledger<'v>,
    pub(super) settings: &'v Settings,
    /// Conversations, then runs of calls that look like one.
    pub(super) sessions: Vec<Session>,
    /// Calls that may be retries of each other, in order of time: those of one
    /// logged conversation, else of one caller, feature and model.
    pub(super) chains: Vec<Vec<u32>>,
    /// Chat calls that succeeded, by feature and model.
    pub(super) answered: BTreeMap<Key<'v>, Vec<usize>>,
}

/// Who makes a call that names no conversation: workspace or account, user,
/// feature, model.
type Caller = (Option<Symbol>, Option<Symbol>, Option<Symbol>, Option<Symbol>);

#[derive(PartialEq, Eq, Hash)]
enum ChainKey {
    Conversation(u32),
    Caller(Caller),
}

impl<'v> View<'v> {
    /// Prepares a ledger.
    pub(super) fn new(ledger: &'v Ledger<'v>, settings: &'v Settings) -> Self {
        let conversations = &ledger.conversations;
        let lone = lone_calls(ledger);
        let rows = conversations.members().rows().chain(lone.iter().map(Vec::as_slice));
        let sessions = rows.filter_map(|members| Session::of(ledger, members)).collect();
        let mut chains: Vec<Vec<u32>> = Vec::new();
        let mut numbers: FxHashMap<ChainKey, usize> = FxHashMap::default();
        for (index, entry) in (0_u32..).zip(&ledger.entries) {
            if entry.time.is_none() {
                continue;
            }
            let call = ledger.call(entry);
            let key = if call.conversation.is_some() {
                ChainKey::Conversation(conversations.conversation(index as usize))
            } else {
                let account = call.workspace.or(call.account);
                ChainKey::Caller((account, call.user, entry.feature, entry.model))
            };
            let number = *numbers.entry(key).or_insert_with(|| {
                chains.push(Vec::new());
                chains.len() - 1
            });
            chains[number].push(index);
        }
        chains.retain(|chain| chain.len() > 1);
        Self { ledger, settings, sessions, chains, answered: groups::answered(ledger) }
    }

    /// The values of all sessions by feature, each sorted.
    pub(super) fn by_feature<T: Ord>(
        &self,
        value: impl Fn(&Session) -> T,
    ) -> BTreeMap<Option<&'v str>, Vec<T>> {
        let mut values: BTreeMap<Option<&'v str>, Vec<T>> = BTreeMap::new();
        for session in &self.sessions {
            values.entry(self.feature(session)).or_default().push(value(session));
        }
        for values in values.values_mut() {
            values.sort_unstable();
        }
        values
    }

    /// The name of a session's feature: that of its first call.
    pub(super) fn feature(&self, session: &Session) -> Option<&'v str> {
        self.ledger.names.text_of(session.feature)
    }

    /// How a session and its feature are known.
    pub(super) fn evidence(&self, session: &Session) -> Evidence {
        session.evidence.worst(self.ledger.feature_evidence)
    }

    /// Microseconds of the first and the last call that have a time, where all
    /// times are on one clock; dates go before other clocks.
    pub(super) fn span(&self) -> Option<(i64, i64)> {
        let on = |clock| {
            let times = self.ledger.entries.iter().filter_map(move |entry| entry.time);
            let micros = times.filter(move |time| time.clock == clock).map(|time| time.micros);
            let (first, last) = (micros.clone().min(), micros.max());
            first.zip(last)
        };
        on(Clock::Dated).or_else(|| on(Clock::Relative))
    }

    /// The last date of the log: of a call, or the start of a bucket.
    pub(super) fn last_date(&self) -> Option<Timestamp> {
        let ledger = self.ledger;
        let calls = ledger.entries.iter().filter_map(|entry| entry.time?.timestamp());
        let buckets = ledger.buckets.iter().filter_map(|entry| ledger.bucket(entry).start);
        calls.chain(buckets).max()
    }
}

/// Calls that no conversation holds together, as runs that look like one: the
/// same account, user, feature and head, never ten minutes apart, the prompt
/// never shorter. Without a user there is no telling.
fn lone_calls(ledger: &Ledger<'_>) -> Vec<Vec<u32>> {
    const MOST_MICROS_APART: i64 = 600_000_000;
    let mut runs: Vec<Vec<u32>> = Vec::new();
    let mut open: FxHashMap<LoneKey, (usize, i64, Tokens)> = FxHashMap::default();
    for members in ledger.conversations.members().rows() {
        let &[index] = members else { continue };
        let entry = &ledger.entries[index as usize];
        let call = ledger.call(entry);
        let (None, Some(user)) = (call.conversation, call.user) else { continue };
        let (Some(time), Some(input)) = (entry.time, call.usage.get().input) else { continue };
        let head = ledger.log.prompt(call.prompt).map_or(0, |prompt| prompt.head_hash);
        let key = (call.workspace.or(call.account), user, entry.feature, head);
        let run = open.get(&key).filter(|(_, last, before)| {
            time.micros.saturating_sub(*last) <= MOST_MICROS_APART && *before <= input
        });
        let run = run.map_or(runs.len(), |(run, _, _)| *run);
        if run == runs.len() {
            runs.push(Vec::new());
        }
        runs[run].push(index);
        open.insert(key, (run, time.micros, input));
    }
    runs.retain(|run| run.len() > 1);
    runs
}

/// Account, user, feature, and hash of the prompt's head.
type LoneKey = (Option<Symbol>, Symbol, Option<Symbol>, u64);
