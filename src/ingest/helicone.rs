//! Helicone's requests, as its export tool and its query API give them: JSON
//! lines, an array, a page around `data`, or CSV.
//!
//! Where the answer's body is at hand its usage counts. The columns do not say
//! whether `prompt_tokens` has the cached tokens inside: a prompt smaller than
//! what was cached of it leaves them out; otherwise `Anthropic`'s count is its
//! own, which leaves them out, and everyone else's has them inside
//! (Helicone/helicone, `valhalla/jawn/src/lib/shared/bodyProcessors`).

use std::borrow::Cow;

use crate::measure::memo::Memo;
use crate::record::call::Status;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::Tokens;

use super::batch::{Batch, Draft, Identity};
use super::counted_exchange::{CountedExchange, Remark, started, take_labels};
use super::exchange::body::first_item;
use super::format::{Format, Framing, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::value::Value;

const CONVENTION: &str = "usage of the logged answer; without it prompt_tokens is taken to include \
     cached tokens, but for Anthropic's and where fewer than were cached";
/// What Helicone writes for "no other request": the answer was not its cache's.
const NO_REQUEST: &str = "00000000-0000-0000-0000-000000000000";
/// Helicone's own status of a request that its caller broke off.
const CANCELLED: &str = "-3";
/// The property that names a session.
const SESSION: &str = "Helicone-Session-Id";

/// Requests as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Helicone;

/// Requests as the export tool writes them to CSV.
#[derive(Clone, Copy, Debug)]
pub struct HeliconeCsv;

impl Format for Helicone {
    fn id(&self) -> &'static str {
        "helicone"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            is_request(object) || object.get("data").and_then(first_item).is_some_and(is_request)
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let mut row = Row::default();
        json.each_entry(|key, value| {
            row.offer(key, Value::Json(value));
            Ok::<(), Fault>(())
        })?;
        row.push(record.memo, batch)
    }
}

impl Format for HeliconeCsv {
    fn id(&self) -> &'static str {
        "helicone-csv"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        const SIGNATURE: [&str; 3] = ["response_id", "request_created_at", "request_properties"];
        sample.header().is_some_and(|header| header.has(&SIGNATURE))
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let cells = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let mut row = Row::default();
        for (column, cell) in cells.cells() {
            row.offer(column, Value::Cell(cell));
        }
        row.push(record.memo, batch)
    }
}

fn is_request(object: Json<'_>) -> bool {
    let has = |key| object.has_key(key);
    has("request_created_at")
        && (has("response_status") || has("helicone_user") || has("request_properties"))
}

/// The columns of a request, where they lie in the record.
#[derive(Clone, Copy, Debug, Default)]
struct Row<'a> {
    id: Option<Value<'a>>,
    response_id: Option<Value<'a>>,
    started: Option<Value<'a>>,
    status: Option<Value<'a>>,
    target_url: Option<Value<'a>>,
    path: Option<Value<'a>>,
    provider: Option<Value<'a>>,
    model_override: Option<Value<'a>>,
    response_model: Option<Value<'a>>,
    model: Option<Value<'a>>,
    request_model: Option<Value<'a>>,
    user: Option<Value<'a>>,
    account_user: Option<Value<'a>>,
    properties: Option<Value<'a>>,
    prompt_id: Option<Value<'a>>,
    latency: Option<Value<'a>>,
    first_token: Option<Value<'a>>,
    prompt: Option<Value<'a>>,
    completion: Option<Value<'a>>,
    total: Option<Value<'a>>,
    reasoning: Option<Value<'a>>,
    cache_read: Option<Value<'a>>,
    cache_write: Option<Value<'a>>,
    audio_input: Option<Value<'a>>,
    audio_output: Option<Value<'a>>,
    cost: Option<Value<'a>>,
    cache_reference: Option<Value<'a>>,
    request_body: Option<Value<'a>>,
    response_body: Option<Value<'a>>,
}

impl<'a> Row<'a> {
    /// Takes in a column by its name, which a CSV header has in lower case.
    /// `signed_body_url` is a key to the stored bodies and is never looked at.
    fn offer(&mut self, name: &str, value: Value<'a>) {
        if value.is_missing() {
            return;
        }
        let slot = match name {
            "request_id" => &mut self.id,
            "response_id" => &mut self.response_id,
            "request_created_at" => &mut self.started,
            "response_status" => &mut self.status,
            "target_url" => &mut self.target_url,
            "request_path" => &mut self.path,
            "provider" => &mut self.provider,
            "model_override" => &mut self.model_override,
            "response_model" => &mut self.response_model,
            "model" => &mut self.model,
            "request_model" => &mut self.request_model,
            "request_user_id" => &mut self.user,
            "helicone_user" => &mut self.account_user,
            "request_properties" | "properties" => &mut self.properties,
            "prompt_id" => &mut self.prompt_id,
            "delay_ms" | "latency" => &mut self.latency,
            "time_to_first_token" => &mut self.first_token,
            "prompt_tokens" => &mut self.prompt,
            "completion_tokens" => &mut self.completion,
            "total_tokens" => &mut self.total,
            "reasoning_tokens" => &mut self.reasoning,
            "prompt_cache_read_tokens" => &mut self.cache_read,
            "prompt_cache_write_tokens" => &mut self.cache_write,
            "prompt_audio_tokens" => &mut self.audio_input,
            "completion_audio_tokens" => &mut self.audio_output,
            "costUSD" | "costusd" | "cost" => &mut self.cost,
            "cache_reference_id" => &mut self.cache_reference,
            "request_body" => &mut self.request_body,
            "response_body" => &mut self.response_body,
            _ => return,
        };
        // Where both names of a column are there, the newer ones are copies.
        let is_copy = matches!(name, "properties" | "latency" | "cost");
        *slot = if is_copy { slot.or(Some(value)) } else { Some(value) };
    }

    fn push(&self, memo: &Memo, batch: &mut Batch) -> Result<Outcome, Fault> {
        if self.id.or(self.response_id).or(self.started).is_none() {
            return Err(Fault::Missing("request_id"));
        }
        let (properties, request) =
            (self.properties.map(Undoubled::of), self.request_body.map(Undoubled::of));
        let response = self.response_body.map(Undoubled::of);
        if request.as_ref().is_some_and(|request| is_custom_event(request.value())) {
            return Ok(Outcome::Ignored("logged event that is no call of a model"));
        }
        let mut row = CountedExchange {
            url: self.target_url.or(self.path).and_then(Value::name),
            request: request.as_ref().map(Undoubled::value).filter(|body| is_body(*body)),
            answer: response.as_ref().map(Undoubled::value).filter(|body| is_body(*body)),
            ..CountedExchange::default()
        };
        started(&mut row.labels, self.started, "request_created_at", batch)?;
        row.labels.provider = self.provider_name();
        row.labels.draft = self.draft(&mut row.remarks)?;
        if let Some(properties) = &properties {
            take_labels(&mut row.labels.draft, properties.value(), batch);
        }
        let draft = &mut row.labels.draft;
        let session = draft.tags.iter().position(|(key, _)| key.eq_ignore_ascii_case(SESSION));
        if let Some(at) = session {
            draft.conversation = Some(draft.tags.swap_remove(at).1);
        }
        if let Some(prompt) = self.prompt_id.and_then(Value::name) {
            draft.feature = draft.feature.take().or_else(|| Some(prompt.clone()));
            draft.tags.push((Cow::Borrowed("prompt_id"), prompt));
        }
        match self.status.and_then(Value::name).as_deref() {
            Some(CANCELLED) => draft.status = Status::Aborted,
            // Helicone's own errors are below zero: no answer came.
            Some(status) if status.starts_with('-') => row.labels.failed = true,
            _ => row.labels.http_status = count(self.status, "response_status")?,
        }
        row.push(memo, batch)
    }

    fn draft(&self, remarks: &mut Vec<Remark>) -> Result<Draft<'a>, Fault> {
        let name = |value: Option<Value<'a>>| value.and_then(Value::name);
        let (id, response_id) = (name(self.id), name(self.response_id));
        let number = |value: Option<Value<'_>>| value.and_then(Value::number);
        let mut draft = Draft {
            identity: Identity::of(id.as_deref().or(response_id.as_deref()))
                .answered_by(response_id.as_deref()),
            request_id: id.or(response_id),
            model: [self.model_override, self.response_model, self.model, self.request_model]
                .into_iter()
                .find_map(name),
            requested_model: name(self.request_model),
            user: name(self.user).or_else(|| name(self.account_user)),
            latency_milliseconds: number(self.latency),
            // Zero is how the table writes "was not streamed".
            first_token_milliseconds: number(self.first_token).filter(|time| *time > 0.0),
            usage: self.usage(remarks)?,
            logged_cost: self.cost.map_or(Ok(None), |cost| cost.money("costUSD"))?,
            ..Draft::default()
        };
        let reference = name(self.cache_reference);
        draft.flags.gateway_cache_hit = reference.is_some_and(|id| id != NO_REQUEST);
        Ok(draft)
    }

    fn usage(&self, remarks: &mut Vec<Remark>) -> Result<Usage, Fault> {
        let prompt = count(self.prompt, "prompt_tokens")?;
        let cache_read = count(self.cache_read, "prompt_cache_read_tokens")?;
        let written = count(self.cache_write, "prompt_cache_write_tokens")?;
        let cached = cache_read.unwrap_or(0).saturating_add(written.unwrap_or(0));
        let is_smaller = prompt.is_some_and(|prompt| cached > prompt);
        if is_smaller {
            remarks.push((
                "EXCLUSIVE_PROMPT",
                "prompts are smaller than what was cached of them, so they leave it out; it is added",
            ));
        } else if cached > 0 {
            remarks.push((
                "CACHE_CONVENTION_UNKNOWN",
                "rows have cached tokens and no usage of the provider's; nothing says whether \
                 prompt_tokens includes them: Anthropic's is taken to leave them out, others not",
            ));
        }
        let leaves_out = is_smaller || self.provider_name().is_some_and(|name| name == "anthropic");
        let input = prompt.map(|prompt| prompt.saturating_add(if leaves_out { cached } else { 0 }));
        let (output, reasoning) = self.output(prompt)?;
        let audio = count(self.audio_input, "prompt_audio_tokens")?;
        let tokens = |count: Option<u64>| count.map(Tokens::new);
        Ok(Usage {
            input: tokens(input),
            cache_read: tokens(cache_read),
            cache_write: written.map(|written| CacheWrites::unstated(Tokens::new(written))),
            output: tokens(output),
            reasoning: tokens(reasoning),
            audio_input: tokens(
                audio.filter(|audio| {
                    input.is_some_and(|input| *audio <= input.saturating_sub(cached))
                }),
            ),
            audio_output: tokens(
                count(self.audio_output, "completion_audio_tokens")?
                    .filter(|audio| output.is_some_and(|output| *audio <= output)),
            ),
        })
    }

    /// Output and the reasoning in it: newer rows count reasoning apart, which
    /// the total or the sizes give away.
    fn output(&self, prompt: Option<u64>) -> Result<(Option<u64>, Option<u64>), Fault> {
        let completion = count(self.completion, "completion_tokens")?;
        let reasoning = count(self.reasoning, "reasoning_tokens")?;
        let (Some(whole), Some(thought)) = (completion, reasoning) else {
            return Ok((completion, reasoning));
        };
        let both = whole.saturating_add(thought);
        let total = count(self.total, "total_tokens")?;
        let is_apart = thought > whole
            || total.is_some_and(|total| prompt.unwrap_or(0).saturating_add(both) == total);
        Ok((Some(if is_apart { both } else { whole }), reasoning))
    }

    fn provider_name(&self) -> Option<Cow<'a, str>> {
        let named = self.provider.and_then(Value::name)?;
        let lower = named.to_ascii_lowercase();
        // A proxied address of one's own: the address or the model says more.
        (lower != "custom").then_some(Cow::Owned(lower))
    }
}

fn count(value: Option<Value<'_>>, field: &'static str) -> Result<Option<u64>, Fault> {
    value.map_or(Ok(None), |value| value.count(field))
}

/// Whether a body is one, and not what Helicone puts in its place.
fn is_body(value: Value<'_>) -> bool {
    let Some(text) = value.structure() else { return true };
    let json = Json::of_text(&text);
    json.is_array() || (!json.has_key("helicone_message") && json.raw() != "{}")
}

/// Whether a request is what Helicone's manual loggers write of a tool or a
/// vector database.
fn is_custom_event(value: Value<'_>) -> bool {
    value.structure().is_some_and(|text| Json::of_text(&text).has_key("_type"))
}

/// A value whose quotes are whole again: the export tool doubles the quotes of
/// nested values twice, and reading the CSV halves them once.
struct Undoubled<'a> {
    value: Value<'a>,
    text: Option<String>,
}

impl<'a> Undoubled<'a> {
    fn of(value: Value<'a>) -> Self {
        let text = match value {
            Value::Cell(cell) if ["{\"\"", "[{\"\""].iter().any(|open| cell.starts_with(open)) => {
                Some(cell.replace("\"\"", "\""))
            }
            _ => None,
        };
        Self { value, text }
    }

    fn value(&self) -> Value<'_> {
        self.text.as_deref().map_or(self.value, Value::Cell)
    }
}
