//! Portkey's log export: JSON lines, a request each.
//!
//! `cost` is in cents. Where the answer's body is at hand its usage counts;
//! `req_units` and `res_units` are the whole prompt and the whole answer and
//! have no cache split. `HIT` and `SEMANTIC HIT` are Portkey's own cache, not
//! the provider's (portkey.ai, "Logs Export").

use std::borrow::Cow;

use crate::record::usage::Usage;
use crate::units::{Tokens, Usd};

use super::batch::{Batch, Draft, Identity};
use super::counted_exchange::{CountedExchange, started, take_labels};
use super::exchange::labels;
use super::format::{Format, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::value::Value;

/// The key of Portkey's own metadata that names the user.
const USER: &str = "_user";

/// An export, its keys nested or flattened with a dot.
#[derive(Clone, Copy, Debug)]
pub struct Portkey;

impl Format for Portkey {
    fn id(&self) -> &'static str {
        "portkey"
    }

    fn convention(&self) -> &'static str {
        "usage of the logged answer; without it req_units is the whole prompt, res_units everything \
         generated, and the cache split is unknown"
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            let has = |key| object.has_key(key);
            (has("req_units") && has("res_units")) || (has("ai_org") && has("ai_model"))
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let mut row = Row::default();
        json.each_entry(|key, value| {
            if !Value::Json(value).is_missing() {
                row.entry(key, value);
            }
            Ok::<(), Fault>(())
        })?;
        row.push(record, batch)
    }
}

/// The columns of a log, where they lie in the record.
#[derive(Debug, Default)]
struct Row<'a> {
    id: Option<Json<'a>>,
    trace: Option<Json<'a>>,
    created: Option<Json<'a>>,
    provider: Option<Json<'a>>,
    model: Option<Json<'a>>,
    prompt: Option<Json<'a>>,
    completion: Option<Json<'a>>,
    cost: Option<Json<'a>>,
    currency: Option<Json<'a>>,
    url: Option<Json<'a>>,
    status: Option<Json<'a>>,
    succeeded: Option<Json<'a>>,
    milliseconds: Option<Json<'a>>,
    cache_status: Option<Json<'a>>,
    stream: Option<Json<'a>>,
    retries: Option<Json<'a>>,
    prompt_slug: Option<Json<'a>>,
    virtual_key: Option<Json<'a>>,
    workspace: Option<Json<'a>>,
    request: Option<Json<'a>>,
    response: Option<Json<'a>>,
    metadata: Option<Json<'a>>,
    /// Metadata whose keys were flattened: `metadata.env`.
    flat_metadata: Vec<(String, Json<'a>)>,
    /// Metadata as a list of keys and one of values.
    metadata_keys: Option<Json<'a>>,
    metadata_values: Option<Json<'a>>,
}

impl<'a> Row<'a> {
    fn entry(&mut self, key: &str, value: Json<'a>) {
        let slot = match key {
            "id" => &mut self.id,
            "trace_id" => &mut self.trace,
            "created_at" => &mut self.created,
            "ai_org" => &mut self.provider,
            "ai_model" => &mut self.model,
            "req_units" => &mut self.prompt,
            "res_units" => &mut self.completion,
            "cost" => &mut self.cost,
            "cost_currency" => &mut self.currency,
            "request_url" => &mut self.url,
            "response_status_code" => &mut self.status,
            "is_success" => &mut self.succeeded,
            "response_time" => &mut self.milliseconds,
            "cache_status" => &mut self.cache_status,
            "stream_mode" => &mut self.stream,
            "retry_success_count" => &mut self.retries,
            "prompt_slug" => &mut self.prompt_slug,
            "virtual_key" => &mut self.virtual_key,
            "workspace_slug" => &mut self.workspace,
            "request" | "request.body" => &mut self.request,
            "response" | "response.body" => &mut self.response,
            "metadata" => &mut self.metadata,
            "metadata.key" => &mut self.metadata_keys,
            "metadata.value" => &mut self.metadata_values,
            _ => {
                if let Some(name) = key.strip_prefix("metadata.") {
                    self.flat_metadata.push((name.to_owned(), value));
                }
                return;
            }
        };
        // A flattened key says more than the shell it was taken out of.
        let is_shell = matches!(key, "request" | "response");
        *slot = if is_shell { slot.or(Some(value)) } else { Some(value) };
    }

    fn push(self, record: &Record<'a>, batch: &mut Batch) -> Result<Outcome, Fault> {
        if self.id.or(self.trace).or(self.created).or(self.model).is_none() {
            return Err(Fault::Missing("created_at"));
        }
        let (request, response) = (self.request.map(body_of), self.response.map(body_of));
        let mut row = CountedExchange {
            url: self.url.or_else(|| self.request?.get("url")).and_then(Json::name),
            request: request.flatten().map(Value::Json),
            answer: response.flatten().map(Value::Json),
            ..CountedExchange::default()
        };
        started(&mut row.labels, self.created.map(Value::Json), "created_at", batch)?;
        row.labels.provider = self.provider.and_then(Json::name);
        row.labels.failed = self.succeeded.and_then(Json::truth) == Some(false);
        row.labels.http_status =
            self.status.map_or(Ok(None), |status| status.count("response_status_code"))?;
        row.labels.draft = self.draft(batch)?;
        self.label(&mut row.labels.draft, batch);
        row.push(record.memo, batch)
    }

    fn draft(&self, batch: &mut Batch) -> Result<Draft<'a>, Fault> {
        let count =
            |value: Option<Json<'_>>, field| value.map_or(Ok(None), |value| value.count(field));
        let id = self.id.and_then(Json::name);
        let mut draft = Draft {
            identity: Identity::of(id.as_deref()),
            request_id: id,
            model: self.model.and_then(Json::name),
            account: self.virtual_key.or(self.workspace).and_then(Json::name),
            latency_milliseconds: self.milliseconds.and_then(Json::number),
            usage: Usage {
                input: count(self.prompt, "req_units")?.map(Tokens::new),
                output: count(self.completion, "res_units")?.map(Tokens::new),
                ..Usage::default()
            },
            logged_cost: self.cost(batch)?,
            ..Draft::default()
        };
        draft.request.stream = self.stream.and_then(Json::truth);
        if let Some(status) = self.cache_status.and_then(Json::text) {
            let status = status.trim().to_ascii_lowercase().replace([' ', '-'], "_");
            if matches!(status.as_str(), "hit" | "semantic_hit") {
                draft.flags.gateway_cache_hit = true;
                draft.tags.push((Cow::Borrowed("cache_status"), Cow::Owned(status)));
            }
        }
        if let Some(retries) = count(self.retries, "retry_success_count")?
            && retries > 0
        {
            let retries = Cow::Owned(retries.to_string());
            draft.tags.push((Cow::Borrowed("retry_success_count"), retries));
        }
        Ok(draft)
    }

    /// The cost, which is in cents.
    fn cost(&self, batch: &mut Batch) -> Result<Option<Usd>, Fault> {
        let Some(cost) = self.cost.and_then(Json::name) else { return Ok(None) };
        let currency = self.currency.and_then(Json::text);
        if currency.is_some_and(|currency| !currency.eq_ignore_ascii_case("usd")) {
            batch.note("OTHER_CURRENCY", "costs in another currency than US dollars are not read");
            return Ok(None);
        }
        let wanted = Fault::BadField { field: "cost", wanted: "an amount" };
        Usd::from_decimal_cents(cost.trim()).map(Some).map_err(|_| wanted)
    }

    /// What callers and Portkey's own features say of the request.
    fn label(&self, draft: &mut Draft<'a>, batch: &mut Batch) {
        if let Some(metadata) = self.metadata {
            let lists = (metadata.get("key"), metadata.get("value"));
            if let (Some(keys), Some(values)) = lists
                && keys.is_array()
            {
                pairs(draft, keys, values);
            } else {
                take_labels(draft, Value::Json(metadata), batch);
            }
        }
        for (key, value) in &self.flat_metadata {
            labels::one(draft, key, *value);
        }
        if let (Some(keys), Some(values)) = (self.metadata_keys, self.metadata_values) {
            pairs(draft, keys, values);
        }
        if let Some(at) = draft.tags.iter().position(|(key, _)| key == USER) {
            let user = draft.tags.swap_remove(at).1;
            draft.user = draft.user.take().or(Some(user));
        }
        draft.conversation = draft.conversation.take().or_else(|| self.trace.and_then(Json::name));
        if let Some(slug) = self.prompt_slug.and_then(Json::name) {
            draft.feature = draft.feature.take().or_else(|| Some(slug.clone()));
            draft.tags.push((Cow::Borrowed("prompt_slug"), slug));
        }
    }
}

/// The body in what was exported of a request or an answer: under `body`, or
/// the value itself. Nothing where only an address or a status is there.
fn body_of(value: Json<'_>) -> Option<Json<'_>> {
    if value.has_key("body") {
        return value.get("body");
    }
    let is_shell = value.is_object() && (value.has_key("headers") || value.has_key("method"));
    (!is_shell && value.raw() != "{}").then_some(value)
}

/// Metadata exported as a list of keys beside a list of values.
fn pairs<'a>(draft: &mut Draft<'a>, keys: Json<'a>, values: Json<'a>) {
    for (key, value) in keys.items().into_iter().zip(values.items()) {
        if let Some(key) = key.text() {
            labels::one(draft, &key, value);
        }
    }
}
