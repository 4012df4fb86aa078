//! What is asked of a provider's prompt cache, and the rules it follows.

use crate::prices::{CacheFacts, CacheMode};
use crate::units::Ttl;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// How long an unused entry lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifetime {
    /// So many seconds since its last use.
    Seconds(u32),
    /// As long as the log.
    Infinite,
}

impl Lifetime {
    /// The lifetime in microseconds; the largest number where it has no end.
    #[must_use]
    pub const fn micros(self) -> i64 {
        match self {
            Self::Seconds(seconds) => seconds as i64 * MICROS_PER_SECOND,
            Self::Infinite => i64::MAX,
        }
    }

    /// The lifetime as a provider sells it; `None` where none has it.
    #[must_use]
    pub const fn ttl(self) -> Option<Ttl> {
        match self {
            Self::Seconds(seconds) => Some(Ttl::from_seconds(seconds)),
            Self::Infinite => None,
        }
    }
}

impl From<Ttl> for Lifetime {
    fn from(ttl: Ttl) -> Self {
        Self::Seconds(ttl.seconds())
    }
}

/// What requests ask of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// Nothing is cached.
    None,
    /// The provider caches by itself.
    Automatic(Lifetime),
    /// One breakpoint, behind tools, system prompt and examples.
    Head(Lifetime),
    /// Breakpoints behind the head, the documents and the last message.
    Full(Lifetime),
    /// As full, the head for longer than the rest.
    Mixed {
        /// The head's lifetime.
        head: Lifetime,
        /// The lifetime of the rest.
        rest: Lifetime,
    },
    /// The breakpoints that the logged requests set.
    Logged(Lifetime),
}

impl Policy {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Automatic(_) => "automatic",
            Self::Head(_) => "head",
            Self::Full(_) => "full",
            Self::Mixed { .. } => "mixed",
            Self::Logged(_) => "logged",
        }
    }

    /// The name with its lifetime, such as `full 1h`.
    #[must_use]
    pub fn label(self) -> String {
        let word = |lifetime: Lifetime| match lifetime {
            Lifetime::Seconds(seconds) => Ttl::from_seconds(seconds).to_string(),
            Lifetime::Infinite => "without end".to_owned(),
        };
        match self {
            Self::None => "none".to_owned(),
            Self::Logged(_) => "as logged".to_owned(),
            Self::Mixed { head, rest } => format!("head {}, rest {}", word(head), word(rest)),
            Self::Automatic(lifetime) | Self::Head(lifetime) | Self::Full(lifetime) => {
                format!("{} {}", self.name(), word(lifetime))
            }
        }
    }

    /// The longest lifetime it asks for.
    #[must_use]
    pub const fn lifetime(self) -> Option<Lifetime> {
        match self {
            Self::None => None,
            Self::Automatic(lifetime)
            | Self::Head(lifetime)
            | Self::Full(lifetime)
            | Self::Logged(lifetime)
            | Self::Mixed { head: lifetime, .. } => Some(lifetime),
        }
    }
}

/// The rules of the model that serves a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The shortest prefix that is cached.
    pub minimum: u64,
    /// Cached lengths are multiples of this many tokens.
    pub step: u64,
    /// Whether an entry covers the answer as well as the prompt.
    pub caches_answer: bool,
    /// How many blocks before a breakpoint an entry is looked for.
    pub lookback: u32,
    /// Breakpoints a request may set.
    pub breakpoints: u32,
}

impl Rules {
    /// The rules of a model; `minimum` replaces the table's where it is given.
    #[must_use]
    pub fn of(facts: &CacheFacts, minimum: Option<u64>, lookback: u32, breakpoints: u32) -> Self {
        let table = facts.minimum_tokens.map_or(0, crate::units::Tokens::get);
        let explicit = facts.mode == Some(CacheMode::Explicit);
        Self {
            minimum: minimum.unwrap_or(table),
            step: if explicit { 1 } else { facts.step_tokens.unwrap_or(1).max(1) },
            caches_answer: facts.caches_answer,
            lookback,
            breakpoints: facts.breakpoints.unwrap_or(breakpoints),
        }
    }
}
