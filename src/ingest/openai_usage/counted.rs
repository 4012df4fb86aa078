//! The fields of one result of the usage API, by the names that its pages and
//! the dashboard's CSV share.

use crate::ingest::batch::Batch;
use crate::ingest::json::Fault;
use crate::ingest::value::Value;
use crate::record::bucket::Bucket;
use crate::record::call::Operation;
use crate::record::lane::Tier;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Timestamp, Tokens};

/// Counts of tokens that are not text; the cached ones are among them.
const OTHER_MODALITIES: [&str; 4] =
    ["input_audio_tokens", "output_audio_tokens", "input_image_tokens", "output_image_tokens"];

/// The fields of a result.
#[derive(Default)]
pub(in crate::ingest) struct Counted<'a> {
    input: Option<u64>,
    uncached: Option<u64>,
    cached: Option<u64>,
    written: Option<u64>,
    output: Option<u64>,
    other_modality: u64,
    calls: Option<u64>,
    object: Option<Value<'a>>,
    model: Option<Value<'a>>,
    project: Option<Value<'a>>,
    api_key: Option<Value<'a>>,
    user: Option<Value<'a>>,
    batch: Option<bool>,
    tier: Option<Value<'a>>,
}

impl<'a> Counted<'a> {
    /// Takes in a field of the result; others mean nothing here.
    ///
    /// # Errors
    /// When a count is none.
    pub(in crate::ingest) fn take(&mut self, key: &str, value: Value<'a>) -> Result<(), Fault> {
        match key {
            "object" => self.object = Some(value),
            "model" => self.model = Some(value),
            "project_id" => self.project = Some(value),
            "api_key_id" => self.api_key = Some(value),
            "user_id" => self.user = Some(value),
            "service_tier" => self.tier = Some(value),
            "batch" => self.batch = value.truth(),
            "input_tokens" => self.input = value.count("input_tokens")?,
            "input_uncached_tokens" => self.uncached = value.count("input_uncached_tokens")?,
            "input_cached_tokens" => self.cached = value.count("input_cached_tokens")?,
            "input_cache_write_tokens" => self.written = value.count("input_cache_write_tokens")?,
            "output_tokens" => self.output = value.count("output_tokens")?,
            "num_model_requests" => self.calls = value.count("num_model_requests")?,
            _ => {
                if let Some(name) = OTHER_MODALITIES.into_iter().find(|name| *name == key) {
                    let count = value.count(name)?.unwrap_or(0);
                    self.other_modality = self.other_modality.saturating_add(count);
                }
            }
        }
        Ok(())
    }

    /// Whether it counts tokens; images, seconds of audio and sessions do not.
    pub(in crate::ingest) const fn is_token_usage(&self) -> bool {
        self.input.is_some()
    }

    /// The bucket of that period.
    ///
    /// # Errors
    /// When the counts contradict each other.
    pub(in crate::ingest) fn bucket(
        &self,
        start: Timestamp,
        end: Option<Timestamp>,
        batch: &mut Batch,
    ) -> Result<Bucket, Fault> {
        let mut name =
            |value: Option<Value<'_>>| batch.symbol(value.and_then(Value::name).as_deref());
        let (model, user) = (name(self.model), name(self.user));
        let (project, api_key) = (name(self.project), name(self.api_key));
        let provider = batch.symbol(Some("openai"));
        if model.is_none() {
            batch.note("NOT_GROUPED_BY_MODEL", "usage without a model cannot be priced; export it with group_by=model,batch,service_tier,project_id");
        }
        Ok(Bucket {
            start: Some(start),
            end,
            calls: self.calls,
            provider,
            model,
            feature: api_key.or(project),
            user,
            account: project.or(api_key),
            operation: self.operation(),
            tier: self.tier(batch),
            usage: self.usage()?,
            other_modality: Tokens::new(self.other_modality),
            ..Bucket::default()
        })
    }

    fn operation(&self) -> Operation {
        match self.object.and_then(Value::name).as_deref() {
            Some(kind) if kind.contains("embeddings") => Operation::Embeddings,
            Some(kind) if kind.contains("moderations") => Operation::Other,
            _ => Operation::Chat,
        }
    }

    fn tier(&self, batch: &mut Batch) -> Tier {
        if self.batch == Some(true) {
            return Tier::Batch;
        }
        let Some(word) = self.tier.and_then(Value::name) else { return Tier::Standard };
        Tier::parse(&word).unwrap_or_else(|| {
            batch.note(
                "UNKNOWN_TIER",
                "a service tier that tokopt does not know is taken for the standard one",
            );
            Tier::Standard
        })
    }

    fn usage(&self) -> Result<Usage, Fault> {
        let tokens = |count: Option<u64>| count.map(Tokens::new);
        let parts = tokens(self.uncached).zip(tokens(self.cached));
        let sum = parts
            .map(|(uncached, cached)| uncached + cached + Tokens::new(self.written.unwrap_or(0)));
        if sum.is_some_and(|sum| tokens(self.input) != Some(sum)) {
            return Err(Fault::Contradiction(
                "`input_tokens` is not the sum of uncached, cached and cache-written tokens",
            ));
        }
        let cached = self.cached.unwrap_or(0).saturating_add(self.written.unwrap_or(0));
        if self.input.is_some_and(|input| cached > input) {
            return Err(Fault::Contradiction("cached tokens exceed input tokens"));
        }
        Ok(Usage {
            input: tokens(self.input),
            cache_read: tokens(self.cached),
            cache_write: tokens(self.written).map(CacheWrites::unstated),
            output: tokens(self.output),
            reasoning: None,
            ..Usage::default()
        })
    }
}
