//! Walks the steps of every file and makes calls of them.

use std::num::NonZeroU64;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ingest::batch::{Identity, Packed, check};
use crate::ingest::exchange::provider;
use crate::ingest::span_tree::Place;
use crate::ingest::transcript::Entry;
use crate::record::call::PackedUsage;
use crate::record::log::{FileAccount, Note, Rejection};
use crate::record::symbol::{Strings, Symbol};
use crate::units::Moment;

use super::runs::{Read, Run, in_window, runs};
use super::{Message, Step, Totals, What};

const REPLAYED: &str = "a token count replayed from the session it was forked from";
const NOTHING_USED: &str = "a token count of nothing";
const FELL: &str = "the running total falls and nothing says what the call used";

/// Everything that settling reads and writes.
pub(in crate::ingest) struct Sequences<'a> {
    /// All records that may be calls; those that are none are taken out.
    pub(in crate::ingest) packed: &'a mut Vec<Packed>,
    /// All messages; they learn their session and their call.
    pub(in crate::ingest) entries: &'a mut [Entry],
    /// Where calls of other logs hang in traces.
    pub(in crate::ingest) spans: &'a mut [Place],
    /// Names.
    pub(in crate::ingest) strings: &'a mut Strings,
    /// The accounts of the files.
    pub(in crate::ingest) files: &'a mut [FileAccount],
    /// What is worth a warning.
    pub(in crate::ingest) notes: &'a mut Vec<Note>,
}

/// Settles the steps of all files, which come file by file and in order.
pub(in crate::ingest) fn settle(steps: &[Step], sequences: Sequences<'_>) {
    let runs = runs(steps);
    let read = Read::of(&runs);
    let mut settler =
        Settler { sequences, read: &read, dropped: FxHashSet::default(), out_of_step: 0 };
    for run in &runs {
        settler.run(run);
    }
    settler.finish();
}

/// What a file's own records say up to some step.
#[derive(Default)]
struct State {
    model: Option<Symbol>,
    provider: Option<Symbol>,
    total: Option<Totals>,
    last: Option<Totals>,
    replaying: bool,
    /// Whether the turn began after the session did, where that is said.
    own_turn: Option<bool>,
    /// Whether a record of one answer was seen.
    responded: bool,
    /// Messages of the model since the last call.
    answers: Vec<u32>,
    /// The entry of each message id.
    messages: FxHashMap<u64, u32>,
    /// How often each reading became a call: a counter can be set back.
    times: FxHashMap<Totals, u32>,
}

struct Settler<'a> {
    sequences: Sequences<'a>,
    read: &'a Read,
    dropped: FxHashSet<u32>,
    out_of_step: u64,
}

impl Settler<'_> {
    fn run(&mut self, run: &Run<'_>) {
        let has_messages = run
            .steps
            .iter()
            .any(|step| matches!(step.what, What::Message(Message { shown: false, .. })));
        let mut state = State { replaying: run.is_fork(), ..State::default() };
        // Without a name, the messages of a file still belong together.
        let nameless = || run.steps.first().map(|step| format!("file\0{}", step.source.file));
        let owner = run.id().or_else(|| self.sequences.strings.intern(&nameless()?));
        let responses = responses(run);
        for (position, step) in run.steps.iter().enumerate() {
            match &step.what {
                What::Session(session) => {
                    self.place(session.entry, owner);
                    if position > 0 {
                        // The session's own opening has been said.
                        self.clear(session.entry);
                    }
                }
                What::Model { model, provider } => {
                    state.model = model.or(state.model);
                    state.provider = *provider;
                }
                What::Message(message) => {
                    self.place(Some(message.entry), owner);
                    if message.shown && has_messages {
                        self.clear(Some(message.entry));
                    } else {
                        self.replace(message.id, message.entry, &mut state);
                        state.answers.extend(message.answer.then_some(message.entry));
                    }
                }
                What::Call { call, answer, id } => {
                    self.place(*answer, owner);
                    self.answer(*answer, *call);
                    if let Some(entry) = answer {
                        self.replace(*id, *entry, &mut state);
                    }
                    self.name(*call, run, &state, None);
                    self.identify(*call, own_identity(run, step, *id, self.sequences.strings));
                }
                What::Turn { started } => state.own_turn = began_after(run.started, *started),
                What::Response { call, entry, used, session } => {
                    self.place(Some(*entry), owner);
                    if session.is_some_and(|session| run.ancestors.contains(&session)) {
                        state.answers.clear();
                        self.ignore(*call, step, REPLAYED);
                    } else {
                        state.replaying = false;
                        state.responded = true;
                        self.response(step, run, &mut state, (*call, *entry, *used));
                    }
                }
                What::Running { entry, .. } => {
                    self.place(*entry, owner);
                    self.running(step, run, &responses, &mut state);
                }
            }
        }
    }

    /// Says whose message an entry is.
    fn place(&mut self, entry: Option<u32>, owner: Option<Symbol>) {
        if let Some(entry) = self.entry(entry) {
            entry.session = owner;
        }
    }

    /// Empties a message that another one restates.
    fn clear(&mut self, entry: Option<u32>) {
        if let Some(entry) = self.entry(entry) {
            // Without an id it hides no other.
            entry.id = 0;
            entry.parts = Vec::new();
            entry.unmeasured_parts = 0;
            entry.resets = false;
        }
    }

    fn entry(&mut self, entry: Option<u32>) -> Option<&mut Entry> {
        self.sequences.entries.get_mut(entry? as usize)
    }

    fn answer(&mut self, entry: Option<u32>, call: u32) {
        if let Some(entry) = self.entry(entry) {
            entry.answer_of = Some(call);
        }
    }

    /// Notes the entry of a message id; an earlier one is replaced.
    fn replace(&mut self, id: u64, entry: u32, state: &mut State) {
        if id != 0 {
            let known = state.messages.insert(id, entry);
            self.clear(known);
        }
    }

    /// A call whose own record says what it used.
    fn response(
        &mut self,
        step: &Step,
        run: &Run<'_>,
        state: &mut State,
        (call, entry, used): (u32, u32, Totals),
    ) {
        if !used.is_positive() {
            return self.ignore(call, step, NOTHING_USED);
        }
        self.name(call, run, state, None);
        for answer in state.answers.drain(..) {
            self.answer(Some(answer), call);
        }
        self.answer(Some(entry), call);
    }

    fn running(
        &mut self,
        step: &Step,
        run: &Run<'_>,
        responses: &FxHashSet<Counted>,
        state: &mut State,
    ) {
        let What::Running { call, entry, total, last, model } = step.what else { return };
        if state.replaying && state.own_turn == Some(true) {
            state.replaying = false;
        }
        if state.replaying {
            let is_replay = self
                .read
                .is_ancestors(&run.ancestors, total)
                .unwrap_or_else(|| state.own_turn.is_some() || in_window(run.started, step));
            if is_replay {
                state.total = total.or(state.total);
                state.answers.clear();
                return self.ignore(call, step, REPLAYED);
            }
            state.replaying = false;
        }
        let before = state.total;
        state.total = total.or(before);
        let last_before = std::mem::replace(&mut state.last, last);
        let restated = match total {
            Some(total) => before == Some(total),
            None => last.is_some() && last == last_before,
        };
        // Where answers have records of their own, a count restates the last.
        let recorded = last.is_some_and(|last| {
            responses.contains(&counted(&last)) || (state.responded && !last.is_positive())
        });
        if restated || recorded {
            return self.restate(call, step);
        }
        let before = before.or_else(|| self.read.before(run.id(), total.as_ref()?));
        let moved = match (&total, &before) {
            (Some(total), Some(before)) => total.since(before),
            (total, _) => *total,
        };
        let used = match last.filter(Totals::is_positive) {
            Some(last) => {
                let is_other =
                    |moved: &Totals| moved.input != last.input || moved.output != last.output;
                let is_out_of_step = before.is_some() && moved.as_ref().is_some_and(is_other);
                self.out_of_step += u64::from(is_out_of_step);
                last
            }
            None => match moved {
                Some(moved) => moved,
                None if total.is_some() => return self.reject(call, step, FELL),
                None => return self.ignore(call, step, NOTHING_USED),
            },
        };
        if !used.is_positive() {
            return self.ignore(call, step, NOTHING_USED);
        }
        let usage = used.usage();
        if let Err(fault) = check(&usage) {
            return self.reject(call, step, &fault.to_string());
        }
        let Some(packed_usage) = PackedUsage::new(&usage) else {
            return self.reject(call, step, "a token count is too large for one call");
        };
        if let Some(packed) = self.sequences.packed.get_mut(call as usize) {
            packed.call.usage = packed_usage;
        }
        self.name(call, run, state, model);
        let reading = total.unwrap_or(used);
        let times = state.times.entry(reading).or_default();
        *times += 1;
        let identity = run.id().and_then(|id| self.sequences.strings.text_of(Some(id))).map(|id| {
            let kind = if total.is_some() { "total" } else { "last" };
            Identity::of(Some(&format!("{id}\0{kind}\0{reading:?}\0{times}")))
        });
        self.identify(call, identity);
        for answer in state.answers.drain(..) {
            self.answer(Some(answer), call);
        }
        self.answer(entry, call);
    }

    /// Gives a call what its session says of it.
    fn name(&mut self, call: u32, run: &Run<'_>, state: &State, model: Option<Symbol>) {
        let Some(packed) = self.sequences.packed.get_mut(call as usize) else { return };
        let call = &mut packed.call;
        call.conversation = call.conversation.or(run.id());
        call.feature = call.feature.or(run.session.feature);
        call.tags = call.tags.or(run.session.tags);
        call.flags.sidechain |= run.session.sidechain;
        call.model = call.model.or(model).or(state.model);
        call.provider = call.provider.or(state.provider).or(run.session.provider);
        if call.provider.is_none()
            && let Some(inferred) =
                self.sequences.strings.text_of(call.model).and_then(provider::of_model)
        {
            call.provider = self.sequences.strings.intern(inferred);
            call.flags.inferred_provider = true;
        }
    }

    fn identify(&mut self, call: u32, identity: Option<Identity>) {
        if let (Some(packed), Some(identity)) =
            (self.sequences.packed.get_mut(call as usize), identity)
        {
            packed.identity = identity;
        }
    }

    fn account(&mut self, step: &Step) -> Option<&mut FileAccount> {
        self.sequences.files.get_mut(step.source.file as usize)
    }

    fn ignore(&mut self, call: u32, step: &Step, reason: &'static str) {
        self.dropped.insert(call);
        if let Some(account) = self.account(step) {
            account.ignore(reason, 1);
        }
    }

    fn restate(&mut self, call: u32, step: &Step) {
        self.dropped.insert(call);
        if let Some(account) = self.account(step) {
            account.duplicates += 1;
        }
    }

    fn reject(&mut self, call: u32, step: &Step, reason: &str) {
        self.dropped.insert(call);
        if let Some(account) = self.account(step) {
            let mut found = FileAccount::default();
            let line = u64::from(step.source.line);
            found.reject(Rejection { line, reason: reason.to_owned() });
            account.take_in(found);
        }
    }

    /// Takes out what is no call.
    fn finish(self) {
        if self.out_of_step > 0 {
            self.sequences.notes.push(Note {
                code: "TOTALS_OUT_OF_STEP",
                message: "a session's running total moved by another amount than its last call used; the call's own counts are taken",
                records: self.out_of_step,
            });
        }
        if self.dropped.is_empty() {
            return;
        }
        let mut index = 0;
        let mut kept = 0;
        let mut places: Vec<u32> = Vec::with_capacity(self.sequences.packed.len());
        self.sequences.packed.retain(|_| {
            let stays = !self.dropped.contains(&index);
            index += 1;
            places.push(kept);
            kept += u32::from(stays);
            stays
        });
        let dropped = &self.dropped;
        let moved = |call: Option<u32>| {
            let call = call.filter(|call| !dropped.contains(call))?;
            places.get(call as usize).copied()
        };
        for entry in self.sequences.entries {
            entry.answer_of = moved(entry.answer_of);
        }
        for place in self.sequences.spans {
            place.call = moved(place.call);
        }
    }
}

/// What a count has in common with the record of the same answer.
type Counted = (Option<u64>, Option<u64>);

fn counted(used: &Totals) -> Counted {
    (used.input, used.output)
}

/// What the answers of a session used that have records of their own.
fn responses(run: &Run<'_>) -> FxHashSet<Counted> {
    let used = run.steps.iter().filter_map(|step| match &step.what {
        What::Response { used, .. } => Some(counted(used)),
        _ => None,
    });
    used.collect()
}

/// Whether a turn is the session's own: turns are dated in whole seconds, and a
/// replayed one began before the session did.
fn began_after(session: Option<Moment>, turn: Option<Moment>) -> Option<bool> {
    let (session, turn) = (session?, turn?);
    let seconds = |moment: Moment| moment.micros.div_euclid(1_000_000);
    (session.clock == turn.clock).then(|| seconds(turn) >= seconds(session))
}

/// By what a call with an id of its own is recognised: the id is one of its
/// session, or of its file where no session is named.
fn own_identity(run: &Run<'_>, step: &Step, id: u64, strings: &Strings) -> Option<Identity> {
    let id = NonZeroU64::new(id)?;
    let scope = match strings.text_of(run.id()) {
        Some(session) => session.to_owned(),
        None => format!("file\0{}", step.source.file),
    };
    Some(Identity::of(Some(&format!("{scope}\0{id}"))))
}
