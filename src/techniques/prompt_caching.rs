//! Prompt caching: stable openings of prompts are kept by the provider.
//!
//! It rewrites no call: used, it lets the replay choose among the policies of a
//! provider instead of keeping the logged one. Here stands only where there is
//! anything to choose.

use crate::prices::CacheMode;
use crate::units::Evidence;

use super::id::TechniqueId;
use super::parameters::prompt_caching as parameters;
use super::technique::{
    CallState, Conversation, Lever, Levers, Reason, Rewriter, Technique, View, World,
};
use super::traffic::{CallIndex, GroupIndex};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct PromptCaching;

impl Technique for PromptCaching {
    fn id(&self) -> TechniqueId {
        TechniqueId::PromptCaching
    }

    fn levers(&self) -> &'static [Lever] {
        const { &[Lever { name: "prefix_cache", evidence: Evidence::Measured }] }
    }

    fn prepare<'t>(&self, view: View<'t>) -> Box<dyn Rewriter + 't> {
        Box::new(Prepared { view })
    }
}

struct Prepared<'t> {
    view: View<'t>,
}

impl Rewriter for Prepared<'_> {
    fn verdict(&self, group: GroupIndex) -> Result<(), Reason> {
        let traffic = self.view.traffic;
        let model = traffic.models.get(traffic.group(group).model).model();
        let profile = self.view.profile.group(group);
        if self.view.levers == Levers(0) || profile.embeddings == profile.calls {
            return Err(Reason::skipped(
                "NOT_CANDIDATE",
                "embeddings have no prompt that could be kept",
            ));
        }
        let given = self.view.assumptions.given(parameters::TTL_SECONDS).is_some();
        match model.cache().mode {
            None => Err(Reason::unknown(
                "NO_CACHE_RULES",
                format!(
                    "the price table knows no prompt cache of {}; a price file with a [cache] \
                     section would settle it",
                    model.id()
                ),
            )),
            Some(CacheMode::Explicit) => Ok(()),
            Some(CacheMode::Automatic | CacheMode::Both)
                if given || model.cache().lifetimes.len() > 1 =>
            {
                Ok(())
            }
            Some(CacheMode::Automatic | CacheMode::Both) => Err(Reason::skipped(
                "ALREADY_ON",
                format!(
                    "the provider of {} caches by itself and sells no longer lifetime",
                    model.id()
                ),
            )),
        }
    }

    fn touches(&self, call: CallIndex) -> bool {
        self.verdict(self.view.traffic.call(call).group).is_ok()
    }

    fn rewrite(&self, _: World, _: &mut CallState, _: &mut Conversation) {}

    fn evidence(&self, group: GroupIndex) -> Evidence {
        let profile = self.view.profile.group(group);
        if profile.with_text == profile.calls { Evidence::Measured } else { Evidence::Inferred }
    }
}
