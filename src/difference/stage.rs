//! The order in which one thing after another is set to what it is in the
//! second analysis.
//!
//! The order matters: what two things do together goes to the one that is
//! substituted first. It goes from the outside in: which features there are,
//! how many calls, of which feature, on which model, in which lane, how long,
//! how cached, at which rates.

use crate::record::component::Component;
use crate::report::document::Effect;

/// A substitution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stage {
    /// What it is called.
    pub effect: Effect,
    /// Whose tokens per call it substitutes.
    pub part: Option<Part>,
}

/// A part of a call's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A component, where both sides know theirs.
    Of(Component),
    /// The whole input, where they do not.
    Input,
    /// The whole output, where they do not.
    Output,
}

impl Part {
    /// The word used in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Of(component) => component.key(),
            Self::Input => "input",
            Self::Output => "output",
        }
    }

    /// Whether it is of the answer.
    pub const fn is_output(self) -> bool {
        matches!(self, Self::Output | Self::Of(Component::OutputText | Component::OutputReasoning))
    }
}

const fn stage(effect: Effect) -> Stage {
    Stage { effect, part: None }
}

const fn tokens(part: Part) -> Stage {
    Stage { effect: Effect::TokensPerCall, part: Some(part) }
}

/// Every substitution, in order.
pub(super) const STAGES: [Stage; 23] = [
    stage(Effect::GoneFeature),
    stage(Effect::NewFeature),
    stage(Effect::Coverage),
    stage(Effect::Usage),
    stage(Effect::Volume),
    stage(Effect::FeatureMix),
    stage(Effect::ModelMix),
    stage(Effect::TierMix),
    tokens(Part::Of(Component::ToolDefinitions)),
    tokens(Part::Of(Component::SystemPrompt)),
    tokens(Part::Of(Component::FewShot)),
    tokens(Part::Of(Component::History)),
    tokens(Part::Of(Component::RetrievedContext)),
    tokens(Part::Of(Component::UserInput)),
    tokens(Part::Of(Component::ImagesAndFiles)),
    tokens(Part::Of(Component::Unattributed)),
    tokens(Part::Input),
    tokens(Part::Of(Component::OutputText)),
    tokens(Part::Of(Component::OutputReasoning)),
    tokens(Part::Output),
    stage(Effect::CacheShare),
    stage(Effect::Price),
    stage(Effect::Fees),
];

/// The amounts before the first substitution and after each.
pub(super) const TOTALS: usize = STAGES.len() + 1;
