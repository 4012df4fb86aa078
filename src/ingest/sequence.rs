//! Lines of a session whose meaning hangs on the lines before them.
//!
//! Some agents write the session's name and the model once, and what a call
//! used as a running total. Readers see one record each and push a [`Step`];
//! here the steps of a file are walked in their order, whatever chunks and
//! threads read them, and become calls.
//!
//! Must not know a format's fields, nor what a token costs.

mod runs;
mod settle;
mod totals;

use crate::record::call::{PackedTime, Source, TagsId};
use crate::record::symbol::Symbol;
use crate::units::Moment;

pub use totals::Totals;

pub(super) use settle::{Sequences, settle};

/// What a record says to the records behind it, or takes from those before.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where the record stands; set by the batch.
    pub source: Source,
    /// When it was written.
    pub time: PackedTime,
    /// What names the session where no record does: the file's name.
    pub file_name: Option<Symbol>,
    /// What it says.
    pub what: What,
}

/// The kinds of steps.
#[derive(Clone, Debug)]
pub enum What {
    /// A session begins, or is named again.
    Session(Session),
    /// The model that answers from here on.
    Model {
        /// Its name.
        model: Option<Symbol>,
        /// Who sells it, where that is said too.
        provider: Option<Symbol>,
    },
    /// A message of the session.
    Message(Message),
    /// A call with its own counts, told apart by an id.
    Call {
        /// The call, by index in the batch.
        call: u32,
        /// The message it answers with.
        answer: Option<u32>,
        /// Hash of its id inside the session; 0 where it has none.
        id: u64,
    },
    /// A turn begins.
    Turn {
        /// When it really did: a replayed turn keeps its own time.
        started: Option<Moment>,
    },
    /// What one answer used, whatever a running total says of it.
    Response {
        /// The call, by index in the batch.
        call: u32,
        /// An empty message at its place, by index in the batch.
        entry: u32,
        /// What it used.
        used: Totals,
        /// The session that it says it is of.
        session: Option<Symbol>,
    },
    /// How much the session has used so far.
    Running {
        /// The call that it becomes if something was used, by index in the batch.
        call: u32,
        /// An empty message at its place, by index in the batch.
        entry: Option<u32>,
        /// All of the session up to here.
        total: Option<Totals>,
        /// What the last call used.
        last: Option<Totals>,
        /// The model, where the record names it.
        model: Option<Symbol>,
    },
}

/// What a session's opening says of all its calls.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Its id.
    pub id: Option<Symbol>,
    /// Sessions whose history it opens with.
    pub parents: [Option<Symbol>; 2],
    /// Who sells the model.
    pub provider: Option<Symbol>,
    /// The project.
    pub feature: Option<Symbol>,
    /// Tags of every call.
    pub tags: Option<TagsId>,
    /// Whether it is a helper of another session.
    pub sidechain: bool,
    /// The message with its instructions, by index in the batch.
    pub entry: Option<u32>,
}

/// A message, already pushed as an entry.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// The entry, by index in the batch.
    pub entry: u32,
    /// Whether the model wrote it.
    pub answer: bool,
    /// Whether it only shows what another record sent.
    pub shown: bool,
    /// Hash of its id: a later message of the same id replaces it. 0 where it
    /// has none.
    pub id: u64,
}

impl Step {
    /// Gives symbols and indices the values they have in the whole log.
    pub(super) fn rename(
        &mut self,
        symbol: impl Fn(Option<Symbol>) -> Option<Symbol>,
        tags: impl Fn(TagsId) -> Option<TagsId>,
        (first_call, first_entry): (u32, u32),
    ) {
        self.file_name = symbol(self.file_name);
        match &mut self.what {
            What::Session(session) => {
                session.id = symbol(session.id);
                session.parents = session.parents.map(&symbol);
                session.provider = symbol(session.provider);
                session.feature = symbol(session.feature);
                session.tags = session.tags.and_then(tags);
                session.entry = session.entry.map(|entry| entry + first_entry);
            }
            What::Model { model, provider } => {
                *model = symbol(*model);
                *provider = symbol(*provider);
            }
            What::Message(message) => message.entry += first_entry,
            What::Call { call, answer, .. } => {
                *call += first_call;
                *answer = answer.map(|entry| entry + first_entry);
            }
            What::Turn { .. } => {}
            What::Response { call, entry, session, .. } => {
                *call += first_call;
                *entry += first_entry;
                *session = symbol(*session);
            }
            What::Running { call, entry, model, .. } => {
                *call += first_call;
                *entry = entry.map(|entry| entry + first_entry);
                *model = symbol(*model);
            }
        }
    }
}
