//! What a technique is: something that looks a log over once, says which calls
//! it may rewrite and why not the others, and then rewrites calls one by one.
//!
//! A technique prices nothing, replays nothing and sees no other technique.

use crate::record::lane::Tier;
use crate::units::{Evidence, Usd};

use super::id::{Set, TechniqueId};
use super::parameter::Value;
use super::parameters::Assumptions;
use super::profile::Profile;
use super::quality::Quality;
use super::traffic::{CallIndex, GroupIndex, ModelIndex, Prompt, Traffic, Unit};

/// One of the eight.
pub trait Technique: Sync {
    /// Its id.
    fn id(&self) -> TechniqueId;

    /// Its levers, in the order in which their savings are told apart.
    fn levers(&self) -> &'static [Lever];

    /// Looks the traffic over: what is eligible, and by which figures.
    fn prepare<'t>(&self, view: View<'t>) -> Box<dyn Rewriter + 't>;
}

/// A part of a technique with its own switch and grade.
#[derive(Clone, Copy, Debug)]
pub struct Lever {
    /// Its name, in `snake_case`.
    pub name: &'static str,
    /// How its saving is known at best.
    pub evidence: Evidence,
}

/// What a technique looks at.
#[derive(Clone, Copy, Debug)]
pub struct View<'t> {
    /// The calls.
    pub traffic: &'t Traffic<'t>,
    /// What is known of every feature and model as a whole.
    pub profile: &'t Profile,
    /// The named numbers in force.
    pub assumptions: &'t Assumptions,
    /// What answers are worth, where that was measured.
    pub quality: Option<&'t Quality>,
    /// What the user says about features.
    pub features: &'t FeatureTags,
    /// Which levers of this technique are on.
    pub levers: Levers,
}

/// What a user knows of a feature and no log shows; see `[features]` of the
/// settings file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeatureTags {
    /// Whether nobody waits for the answers of a feature.
    pub asynchronous: std::collections::BTreeMap<String, bool>,
    /// Features whose answers may be stored whatever the temperature.
    pub cacheable: std::collections::BTreeSet<String>,
    /// Features whose answers are about one user and serve no other.
    pub personal: std::collections::BTreeSet<String>,
    /// Features that a cheaper model must not serve.
    pub pinned: std::collections::BTreeSet<String>,
}

/// A set of levers of one technique; bit `i` is the `i`-th of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Levers(pub u8);

impl Levers {
    /// Every lever.
    pub const ALL: Self = Self(u8::MAX);

    /// Whether the lever at a position is on.
    #[must_use]
    pub const fn has(self, position: usize) -> bool {
        self.0 >> position & 1 == 1
    }

    /// The first `count` levers.
    #[must_use]
    pub const fn first(count: usize) -> Self {
        if count >= 8 { Self::ALL } else { Self((1 << count) - 1) }
    }

    /// Only the levers that rest on no assumption.
    #[must_use]
    pub fn grounded(levers: &[Lever]) -> Self {
        let bit = |(position, lever): (usize, &Lever)| {
            u8::from(lever.evidence != Evidence::Assumed) << position
        };
        Self(levers.iter().enumerate().map(bit).fold(0, |bits, bit| bits | bit))
    }
}

/// A technique that has looked the log over.
pub trait Rewriter: Sync + Send {
    /// Whether the calls of a group may be rewritten, and if not, why.
    ///
    /// # Errors
    /// With the reason why not.
    fn verdict(&self, group: GroupIndex) -> Result<(), Reason>;

    /// Whether a call may be rewritten; the same for every set of techniques.
    fn touches(&self, call: CallIndex) -> bool;

    /// What is left to chance: things that hold for a part of the traffic only.
    fn coins(&self) -> Vec<(Coin, Value)> {
        Vec::new()
    }

    /// Rewrites a call that is touched.
    fn rewrite(&self, world: World, state: &mut CallState, conversation: &mut Conversation);

    /// What the technique costs a unit whatever the number of its calls, over
    /// the window.
    fn fixed_cost(&self, _unit: &Unit) -> Usd {
        Usd::ZERO
    }

    /// The grade of what it does to a group, the worst of what it used.
    fn evidence(&self, group: GroupIndex) -> Evidence;

    /// Calls a month from which it pays; `None` where that has no meaning.
    fn break_even_calls(&self) -> Option<u64> {
        None
    }

    /// What a reader should know before doing it.
    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }
}

/// Something that holds for all eligible calls of a unit or for none: shares
/// are expectations over such states, never a choice of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Coin {
    /// The tuned model is good enough.
    Tuned,
    /// The cheaper model is good enough.
    Routed,
    /// The cheaper model's answer is rejected.
    CascadeEscalated,
    /// The retrieved passages were not enough.
    RetrievalEscalated,
    /// A near repeat may have the stored answer.
    NearRepeat,
}

impl Coin {
    /// Every coin.
    pub const ALL: [Self; 5] = [
        Self::Tuned,
        Self::Routed,
        Self::CascadeEscalated,
        Self::RetrievalEscalated,
        Self::NearRepeat,
    ];
}

/// Which techniques are used, and which way the coins fell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct World {
    /// The techniques that rewrite.
    pub used: Set,
    coins: u8,
}

impl World {
    /// A world in which no coin has fallen.
    #[must_use]
    pub const fn of(used: Set) -> Self {
        Self { used, coins: 0 }
    }

    /// The world in which one more thing holds.
    #[must_use]
    pub const fn with(self, coin: Coin) -> Self {
        Self { used: self.used, coins: self.coins | 1 << coin as u8 }
    }

    /// Whether something holds.
    #[must_use]
    pub const fn has(self, coin: Coin) -> bool {
        self.coins >> coin as u8 & 1 == 1
    }
}

/// One request to a model. A call has one; a cascade, or a question asked again
/// with the whole document, has more.
#[derive(Clone, Debug)]
pub struct Request {
    /// The model asked.
    pub model: ModelIndex,
    /// The lane.
    pub lane: Tier,
    /// The prompt.
    pub prompt: Prompt,
    /// Tokens generated, reasoning included.
    pub output: u64,
    /// The part of `output` that is reasoning.
    pub reasoning: u64,
    /// How often, on average, it has to be sent once more.
    pub repeats: Value,
}

/// A call on its way through the techniques.
#[derive(Clone, Debug)]
pub struct CallState {
    /// The call.
    pub index: CallIndex,
    /// What is asked of which model, in order; empty where the call is gone.
    pub requests: Vec<Request>,
    /// What techniques charge for this call, beside its requests.
    pub fees: Usd,
    /// The techniques that rewrote or removed it.
    pub changed_by: Set,
}

/// What techniques must remember from call to call of one conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conversation {
    /// Calls that were made before this one.
    pub calls: u32,
    /// Turns that have been summed up and paid for.
    pub compacted_turns: u32,
    /// Whether a model has been chosen, and paid for, by a router.
    pub router_asked: bool,
    /// What the call at hand was charged for the choice of its model: a
    /// technique that chooses otherwise takes it back.
    pub choice_fee: Usd,
}

/// Why a technique is not used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// A stable code in `UPPER_SNAKE`, see `docs/techniques/reason-codes.md`.
    pub code: &'static str,
    /// One sentence for people, with what would settle it.
    pub message: String,
    /// Whether the log lacks what would answer the question.
    pub unknown: bool,
}

impl Reason {
    /// The technique has nothing to do there.
    #[must_use]
    pub fn skipped(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), unknown: false }
    }

    /// The log does not say.
    #[must_use]
    pub fn unknown(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), unknown: true }
    }
}

/// What a reader should know before using a technique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// A stable code in `UPPER_SNAKE`.
    pub code: &'static str,
    /// One sentence for people.
    pub message: String,
}
