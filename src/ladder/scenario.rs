//! One reading of the assumptions: prepared techniques on one log's traffic.

use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameters::{Assumptions, batch_api};
use crate::techniques::profile::Profile;
use crate::techniques::quality::Quality;
use crate::techniques::technique::{FeatureTags, Levers, View};
use crate::techniques::traffic::Traffic;
use crate::techniques::{TECHNIQUES, technique_of};

use super::caching::Caching;
use super::engine::{Engine, Idle};

/// What all readings share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground<'t> {
    pub(crate) traffic: &'t Traffic<'t>,
    pub(crate) profile: &'t Profile,
    pub(crate) features: &'t FeatureTags,
    pub(crate) quality: Option<&'t Quality>,
    pub(crate) caching: &'t Caching<'t>,
    /// What families cost as they are: the same in every reading.
    pub(crate) idle: &'t Idle,
}

/// Values of the parameters, and levers that are on.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) assumptions: Assumptions,
    pub(crate) levers: [Levers; TechniqueId::COUNT],
}

impl Scenario {
    /// Every lever on.
    pub(crate) const fn of(assumptions: Assumptions) -> Self {
        Self { assumptions, levers: [Levers::ALL; TechniqueId::COUNT] }
    }

    /// Only levers that rest on no assumption.
    pub(crate) fn grounded(mut self) -> Self {
        for technique in TECHNIQUES {
            self.levers[technique.id().index()] = Levers::grounded(technique.levers());
        }
        self
    }

    /// Only the first levers of a technique.
    pub(crate) fn with_first(mut self, technique: TechniqueId, count: usize) -> Self {
        self.levers[technique.index()] = Levers::first(count);
        self
    }

    /// Lets techniques look the traffic over.
    pub(crate) fn prepare<'t>(&'t self, ground: Ground<'t>, techniques: Set) -> Engine<'t> {
        let prepared = TechniqueId::ALL.into_iter().map(|id| {
            let view = View {
                traffic: ground.traffic,
                profile: ground.profile,
                assumptions: &self.assumptions,
                quality: ground.quality,
                features: ground.features,
                levers: self.levers[id.index()],
            };
            let technique = technique_of(id).filter(|_| techniques.has(id))?;
            Some(technique.prepare(view))
        });
        Engine {
            traffic: ground.traffic,
            rewriters: prepared.collect(),
            caching: ground.caching,
            idle: ground.idle,
            batch_hits: self.assumptions.value(batch_api::HIT_SHARE),
        }
    }
}
