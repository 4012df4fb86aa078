//! Logs of Cloudflare's AI Gateway: pages of its API, JSON lines, or what
//! Logpush writes, whose keys are in camel case and whose texts are encrypted.
//!
//! `tokens_in` is the whole prompt, `tokens_out` everything generated; there is
//! no split by the provider's cache. `cached` is the gateway's own cache and
//! `cost` the gateway's estimate (developers.cloudflare.com, "AI Gateway").

use std::borrow::Cow;

use crate::record::call::Operation;
use crate::record::usage::Usage;
use crate::units::Tokens;

use super::batch::{Batch, Draft, Identity};
use super::counted_exchange::{CountedExchange, started, take_labels};
use super::exchange::body::first_item;
use super::format::{Format, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::value::Value;

/// The gateway's names of providers that are not the usual ones.
const PROVIDERS: [(&str, &str); 3] = [
    ("google-vertex-ai", "gcp.vertex_ai"),
    ("perplexity-ai", "perplexity"),
    ("workers-ai", "cloudflare_workers_ai"),
];

/// Logs of a gateway.
#[derive(Clone, Copy, Debug)]
pub struct CloudflareAiGateway;

impl Format for CloudflareAiGateway {
    fn id(&self) -> &'static str {
        "cloudflare-ai-gateway"
    }

    fn convention(&self) -> &'static str {
        "usage of the logged answer; without it tokens_in is the whole prompt, tokens_out everything \
         generated, and the cache split is unknown"
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("result")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            let listed = object.get("result");
            let first =
                listed.and_then(|list| if list.is_array() { first_item(list) } else { listed });
            is_log(first.unwrap_or(object))
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        // One log asked for by its id stands in a page of its own.
        let json = json.get("result").filter(|log| log.is_object()).unwrap_or(json);
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

fn is_log(object: Json<'_>) -> bool {
    let has = |key| object.has_key(key);
    let is_api = has("tokens_in") && has("tokens_out") && (has("cached") || has("provider"));
    let is_pushed = has("Provider")
        && has("Model")
        && (has("Cached") || has("Gateway"))
        && (has("TokensIn") || has("StatusCode"));
    is_api || is_pushed
}

/// The fields of a log, where they lie in the record.
#[derive(Clone, Copy, Debug, Default)]
struct Row<'a> {
    id: Option<Json<'a>>,
    created: Option<Json<'a>>,
    provider: Option<Json<'a>>,
    model: Option<Json<'a>>,
    model_type: Option<Json<'a>>,
    path: Option<Json<'a>>,
    status: Option<Json<'a>>,
    succeeded: Option<Json<'a>>,
    rate_limited: Option<Json<'a>>,
    cached: Option<Json<'a>>,
    prompt: Option<Json<'a>>,
    completion: Option<Json<'a>>,
    cost: Option<Json<'a>>,
    milliseconds: Option<Json<'a>>,
    gateway: Option<Json<'a>>,
    step: Option<Json<'a>>,
    metadata: Option<Json<'a>>,
    request: Option<Json<'a>>,
    response: Option<Json<'a>>,
    request_head: Option<Json<'a>>,
    response_head: Option<Json<'a>>,
    request_head_is_whole: bool,
    response_head_is_whole: bool,
}

impl<'a> Row<'a> {
    fn entry(&mut self, key: &str, value: Json<'a>) {
        let slot = match key {
            "id" | "Id" | "ID" | "LogId" => &mut self.id,
            "created_at" | "CreatedAt" | "Timestamp" | "Datetime" => &mut self.created,
            "provider" | "Provider" => &mut self.provider,
            "model" | "Model" => &mut self.model,
            "model_type" | "ModelType" => &mut self.model_type,
            "path" | "Path" | "Endpoint" => &mut self.path,
            "status_code" | "StatusCode" => &mut self.status,
            "success" | "Success" => &mut self.succeeded,
            "RateLimited" => &mut self.rate_limited,
            "cached" | "Cached" => &mut self.cached,
            "tokens_in" | "TokensIn" => &mut self.prompt,
            "tokens_out" | "TokensOut" => &mut self.completion,
            "cost" | "Cost" => &mut self.cost,
            "duration" | "Duration" => &mut self.milliseconds,
            "gateway" | "gateway_id" | "Gateway" => &mut self.gateway,
            "step" | "Step" => &mut self.step,
            "metadata" | "Metadata" => &mut self.metadata,
            "request" | "request_body" | "RequestBody" => &mut self.request,
            "response" | "response_body" | "ResponseBody" => &mut self.response,
            "request_head" => &mut self.request_head,
            "response_head" => &mut self.response_head,
            "request_head_complete" => {
                self.request_head_is_whole = value.truth() == Some(true);
                return;
            }
            "response_head_complete" => {
                self.response_head_is_whole = value.truth() == Some(true);
                return;
            }
            _ => return,
        };
        // Where a log has two of the names, the order of its keys must not matter.
        let is_second = matches!(key, "request_body" | "response_body" | "gateway_id" | "Datetime");
        *slot = if is_second { slot.or(Some(value)) } else { Some(value) };
    }

    fn push(self, record: &Record<'a>, batch: &mut Batch) -> Result<Outcome, Fault> {
        if self.id.or(self.created).or(self.model).is_none() {
            return Err(Fault::Missing("id"));
        }
        let path = self.path.and_then(Json::name);
        let mut row = CountedExchange {
            // Provider's paths come without the slash that opens them.
            url: path.map(|path| Cow::Owned(format!("/{}", path.trim_start_matches('/')))),
            request: body(self.request, self.request_head, self.request_head_is_whole),
            answer: body(self.response, self.response_head, self.response_head_is_whole),
            ..CountedExchange::default()
        };
        started(&mut row.labels, self.created.map(Value::Json), "created_at", batch)?;
        row.labels.provider = self.provider.and_then(Json::name).map(provider_name);
        row.labels.failed = self.succeeded.and_then(Json::truth) == Some(false)
            || self.rate_limited.and_then(Json::truth) == Some(true);
        row.labels.http_status =
            self.status.map_or(Ok(None), |status| status.count("status_code"))?;
        row.labels.draft = self.draft(row.url.as_deref().unwrap_or_default())?;
        if let Some(metadata) = self.metadata.filter(|metadata| !is_encrypted(*metadata)) {
            take_labels(&mut row.labels.draft, Value::Json(metadata), batch);
        }
        row.push(record.memo, batch)
    }

    fn draft(&self, path: &str) -> Result<Draft<'a>, Fault> {
        let count =
            |value: Option<Json<'_>>, field| value.map_or(Ok(None), |value| value.count(field));
        let id = self.id.and_then(Json::name);
        let kind = self.model_type.and_then(Json::text).map(|kind| kind.to_ascii_lowercase());
        let embeds =
            path.contains("/embeddings") || kind.is_some_and(|kind| kind.contains("embedding"));
        let mut draft = Draft {
            identity: Identity::of(id.as_deref()),
            request_id: id,
            operation: if embeds { Operation::Embeddings } else { Operation::Chat },
            model: self.model.and_then(Json::name),
            latency_milliseconds: self.milliseconds.and_then(Json::number),
            usage: Usage {
                input: count(self.prompt, "tokens_in")?.map(Tokens::new),
                output: count(self.completion, "tokens_out")?.map(Tokens::new),
                ..Usage::default()
            },
            logged_cost: self.cost.map_or(Ok(None), |cost| cost.money("cost"))?,
            ..Draft::default()
        };
        draft.flags.gateway_cache_hit = self.cached.and_then(Json::truth) == Some(true);
        for (key, value) in [("gateway", self.gateway), ("step", self.step)] {
            // Step 0 is the first model that was tried: all but fallbacks.
            if let Some(value) = value.and_then(Json::name).filter(|value| value != "0") {
                draft.tags.push((Cow::Borrowed(key), value));
            }
        }
        Ok(draft)
    }
}

/// A body, where it was collected and is not encrypted; the head of one where
/// that is all of it.
fn body<'a>(
    whole: Option<Json<'a>>,
    head: Option<Json<'a>>,
    head_is_whole: bool,
) -> Option<Value<'a>> {
    let head = head.filter(|_| head_is_whole);
    whole.or(head).filter(|body| !is_encrypted(*body) && body.raw() != "{}").map(Value::Json)
}

/// Whether Logpush sealed a value with the gateway's public key.
fn is_encrypted(value: Json<'_>) -> bool {
    value.get("type").and_then(Json::text).as_deref() == Some("encrypted")
}

fn provider_name(name: Cow<'_, str>) -> Cow<'_, str> {
    let known = PROVIDERS.iter().find(|(theirs, _)| name.eq_ignore_ascii_case(theirs));
    known.map_or(name, |(_, provider)| Cow::Borrowed(*provider))
}
