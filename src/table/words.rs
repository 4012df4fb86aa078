//! The words that stand for a record's enumerations in a table.

use crate::record::call::{Finish, Flags, Operation, Status};
use crate::record::charge::Meter;

/// Values with their words; a value without one stands as nothing.
pub type Words<T> = &'static [(T, &'static str)];

/// What was asked for.
pub const OPERATIONS: Words<Operation> = &[
    (Operation::Chat, "chat"),
    (Operation::Embeddings, "embeddings"),
    (Operation::Other, "other"),
];

/// Whether a call succeeded.
pub const STATUSES: Words<Status> =
    &[(Status::Success, "success"), (Status::Error, "error"), (Status::Aborted, "aborted")];

/// Why an answer ended.
pub const FINISHES: Words<Finish> = &[
    (Finish::Stop, "stop"),
    (Finish::Length, "length"),
    (Finish::ToolCalls, "tool_calls"),
    (Finish::ContentFilter, "content_filter"),
    (Finish::Error, "error"),
];

/// What a charge was made for.
pub const METERS: Words<Meter> = &[
    (Meter::Input, "input"),
    (Meter::CacheRead, "cache_read"),
    (Meter::CacheWrite, "cache_write"),
    (Meter::Output, "output"),
    (Meter::Tool, "tool"),
    (Meter::Other, "other"),
];

/// A fact that changes how a call is counted: its word and its place.
pub type Flag = (&'static str, fn(&mut Flags) -> &mut bool);

/// Every flag of a call.
pub const FLAGS: &[Flag] = &[
    ("assumed_write_lifetime", |flags| &mut flags.assumed_write_lifetime),
    ("child", |flags| &mut flags.child),
    ("gateway_cache_hit", |flags| &mut flags.gateway_cache_hit),
    ("hidden_head", |flags| &mut flags.hidden_head),
    ("hidden_history", |flags| &mut flags.hidden_history),
    ("inconsistent_counts", |flags| &mut flags.inconsistent_counts),
    ("inferred_provider", |flags| &mut flags.inferred_provider),
    ("other_modality", |flags| &mut flags.other_modality),
    ("sidechain", |flags| &mut flags.sidechain),
];

/// The word of a value.
#[must_use]
pub fn word<T: Copy + PartialEq>(words: Words<T>, value: T) -> Option<&'static str> {
    words.iter().find(|(known, _)| *known == value).map(|(_, word)| *word)
}

/// The value of a word.
#[must_use]
pub fn value<T: Copy>(words: Words<T>, word: &str) -> Option<T> {
    words.iter().find(|(_, known)| *known == word).map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::{FLAGS, Flags};

    #[test]
    fn every_flag_has_a_word() {
        let mut flags = Flags::default();
        for (_, flag) in FLAGS {
            *flag(&mut flags) = true;
        }
        // Where a table's components come from is a column of its own.
        let all = Flags {
            sidechain: true,
            child: true,
            gateway_cache_hit: true,
            assumed_write_lifetime: true,
            hidden_head: true,
            hidden_history: true,
            inferred_provider: true,
            inconsistent_counts: true,
            other_modality: true,
            inferred_components: false,
        };
        assert_eq!(flags, all);
    }
}
