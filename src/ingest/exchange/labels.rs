//! What a log says around a call: when, who, for what, how long, how much.
//!
//! Keys are the ones that proxies and in-house logs were seen to write; the
//! same words inside a `metadata` map mean the same.

use std::borrow::Cow;

use crate::ingest::batch::Draft;
use crate::ingest::json::{Fault, Json};
use crate::record::call::Status;
use crate::units::{Moment, Timestamp};

use super::bedrock_counts::BedrockCounts;
use super::provider::bare_model;

/// Longer values are texts, not labels; no text may reach a report.
pub const LONGEST_LABEL: usize = 256;
/// Below this a duration without a unit is in seconds: no answer comes within
/// a tenth of a second, and few calls last longer than a hundred.
const SECONDS_BELOW: f64 = 100.0;

/// The entries around a call, on their way into its draft.
#[derive(Debug, Default)]
pub struct Labels<'a> {
    /// Filled as entries come.
    pub draft: Draft<'a>,
    /// The provider as the log names it.
    pub provider: Option<Cow<'a, str>>,
    /// The HTTP status.
    pub http_status: Option<u64>,
    /// Whether an entry says that the call failed.
    pub failed: bool,
    /// Whether an entry says that the call was one of a batch.
    pub batched: bool,
    /// What Bedrock counts in an answer's headers.
    pub header_counts: BedrockCounts,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

impl<'a> Labels<'a> {
    /// Takes in an entry from beside the bodies; other keys mean nothing here.
    ///
    /// # Errors
    /// When a time or an amount is none.
    pub fn take(&mut self, key: &str, value: Json<'a>) -> Result<(), Fault> {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "timestamp" | "ts" | "@timestamp" | "start_time" | "startTime" | "created_at"
            | "createdAt" | "requested_at" | "request_time" => {
                self.started(value.time("timestamp")?);
            }
            // Vertex AI's batch predictions, and nobody else, say when each was made.
            "processed_time" => {
                self.started(value.time("processed_time").ok().flatten());
                self.batched = self.start.is_some();
            }
            // Words that also name a duration or a day.
            "time" | "date" | "created" => self.started(value.time("time").ok().flatten()),
            "end_time" | "endTime" => self.end = value.time("end_time")?,
            "cost" | "cost_usd" | "costUsd" | "total_cost" => self.cost(value)?,
            "status" | "status_code" | "statusCode" | "http_status" | "response_status" => {
                self.status(value);
            }
            "success" | "is_success" | "ok" => self.failed |= value.truth() == Some(false),
            "stream" | "streamed" | "is_stream" => self.draft.request.stream = value.truth(),
            "provider" | "llm_provider" | "provider_name" => self.provider = value.text(),
            "model" => self.draft.model = value.text(),
            "modelId" => self.draft.model = value.text().map(bare_model),
            "request_id" | "requestId" | "id" | "log_id" => {
                self.draft.request_id = self.draft.request_id.take().or_else(|| value.name());
            }
            "tags" if value.is_array() => tag_list(&mut self.draft, value)?,
            "tags" | "metadata" | "labels" | "properties" | "custom_properties" => {
                map(&mut self.draft, value)?;
            }
            _ if self.duration(key, value) => {}
            _ => {
                let named = if value.is_object() { value.get("id") } else { Some(value) };
                if let Some(name) = named.and_then(Json::name) {
                    let _ = who(&mut self.draft, key, name);
                }
            }
        }
        Ok(())
    }

    /// Takes in a response header; only these few are ever looked at.
    pub fn header(&mut self, key: &str, value: Json<'a>) {
        let value = if value.is_array() { super::body::first_item(value) } else { Some(value) };
        let Some(value) = value else { return };
        match key.to_ascii_lowercase().as_str() {
            // The provider's own time to make the answer, without the network.
            "openai-processing-ms" | "x-amzn-bedrock-invocation-latency"
                if self.draft.latency_milliseconds.is_none() =>
            {
                self.draft.latency_milliseconds = value.number();
            }
            "request-id" | "x-request-id" | "x-amzn-requestid" | "apim-request-id"
                if self.draft.request_id.is_none() =>
            {
                self.draft.request_id = value.text();
            }
            "date" if self.end.is_none() => {
                self.end = value.text().and_then(|text| parse_http_date(&text));
            }
            name if name.starts_with("x-amzn-bedrock-") => self.header_counts.header(name, value),
            _ => {}
        }
    }

    /// When the log says the call was made.
    pub fn started(&mut self, time: Option<Timestamp>) {
        self.start = self.start.or(time);
    }

    /// Fills in what follows from start and end; `created` is the body's time.
    pub fn settle(draft: &mut Draft<'a>, times: Times, created: Option<Moment>) {
        if draft.latency_milliseconds.is_none()
            && let (Some(start), Some(end), true) = (times.start, times.end, times.end_is_exact)
        {
            #[expect(clippy::cast_precision_loss, reason = "a latency is far below 2^53")]
            let milliseconds = end.micros().saturating_sub(start.micros()) as f64 / 1e3;
            draft.latency_milliseconds = Some(milliseconds).filter(|latency| *latency >= 0.0);
        }
        let logged = times.start.map(Moment::dated);
        draft.time = logged.or(created).or_else(|| times.end.map(Moment::dated));
    }

    /// The times that were seen.
    #[must_use]
    pub fn times(&self) -> Times {
        let end_is_exact = self.end.is_some_and(|end| end.micros() % 1_000_000 != 0);
        Times { start: self.start, end: self.end, end_is_exact }
    }

    fn cost(&mut self, value: Json<'a>) -> Result<(), Fault> {
        let total = if value.is_object() {
            ["total", "total_cost", "usd"].iter().find_map(|key| value.get(key))
        } else {
            Some(value)
        };
        if let Some(total) = total {
            self.draft.logged_cost = total.money("cost")?;
        }
        Ok(())
    }

    /// An HTTP status, or a word.
    pub fn status(&mut self, value: Json<'a>) {
        if let Ok(Some(code)) = value.count("status") {
            self.http_status = Some(code);
            return;
        }
        match value.text().map(|word| word.to_ascii_lowercase()).as_deref() {
            Some("error" | "failed" | "failure" | "fail" | "timeout") => self.failed = true,
            Some("cancelled" | "canceled" | "aborted") => self.draft.status = Status::Aborted,
            _ => {}
        }
    }

    fn duration(&mut self, key: &str, value: Json<'a>) -> bool {
        let guessed = |number: f64| if number < SECONDS_BELOW { number * 1e3 } else { number };
        let number = || value.number();
        let (whole, milliseconds) = match key {
            "duration_ms" | "latency_ms" | "elapsed_ms" | "response_time_ms" | "durationMs"
            | "latencyMs" => (true, number()),
            "duration_seconds" | "latency_seconds" | "elapsed_seconds" | "duration_s"
            | "latency_s" => (true, number().map(|seconds| seconds * 1e3)),
            "duration" | "latency" | "elapsed" | "response_time" => (true, number().map(guessed)),
            "ttft_ms" | "time_to_first_token_ms" | "first_token_ms" => (false, number()),
            "ttft" | "time_to_first_token" => (false, number().map(guessed)),
            _ => return false,
        };
        if whole {
            self.draft.latency_milliseconds = milliseconds;
        } else {
            self.draft.first_token_milliseconds = milliseconds;
        }
        true
    }
}

/// Puts a name under a usual key in its place; hands it back where the key is
/// none or its place is taken.
fn who<'a>(draft: &mut Draft<'a>, key: &str, name: Cow<'a, str>) -> Option<Cow<'a, str>> {
    let place = match key {
        "session_id" | "sessionId" | "session" | "conversation_id" | "conversationId"
        | "conversation" | "thread_id" | "threadId" | "chat_id" => &mut draft.conversation,
        "user" | "user_id" | "userId" | "end_user" | "end_user_id" => &mut draft.user,
        "feature" | "feature_name" | "use_case" | "feature_id" => &mut draft.feature,
        "workspace" | "workspace_id" => &mut draft.workspace,
        "account" | "account_id" | "project" | "project_id" | "team" | "team_id"
        | "api_key_alias" | "key_alias" | "api_key_name" => &mut draft.account,
        _ => return Some(name),
    };
    if place.is_some() {
        return Some(name);
    }
    *place = Some(name);
    None
}

/// Takes in a map of labels, also one written as text.
///
/// # Errors
/// When it is not valid JSON.
pub fn map<'a>(draft: &mut Draft<'a>, map: Json<'a>) -> Result<(), Fault> {
    if let Some(text) = map.text().filter(|text| text.trim_start().starts_with('{')) {
        return map_in_text(draft, &text);
    }
    map.each_entry(|key, value| {
        one(draft, key, value);
        Ok(())
    })
}

/// Takes in one label, as if it stood in a map.
pub fn one<'a>(draft: &mut Draft<'a>, key: &str, value: Json<'a>) {
    label(draft, key, label_text(value));
}

/// Takes in a map of labels that was itself logged as text.
///
/// # Errors
/// When it is not valid JSON.
pub fn map_in_text(draft: &mut Draft<'_>, text: &str) -> Result<(), Fault> {
    Json::of_text(text).each_entry(|key, value| {
        label(draft, key, label_text(value).map(|text| Cow::Owned(text.into_owned())));
        Ok(())
    })
}

/// Takes in one label: under a usual key in its place, else as a tag; texts are
/// none.
pub fn label<'a>(draft: &mut Draft<'a>, key: &str, value: Option<Cow<'a, str>>) {
    let Some(value) = value.filter(|value| value.len() <= LONGEST_LABEL) else { return };
    if let Some(value) = who(draft, key, value)
        && key.len() <= LONGEST_LABEL
    {
        draft.tags.push((Cow::Owned(key.to_owned()), value));
    }
}

/// Takes in a list of tags, plain or as `key:value`.
///
/// # Errors
/// When it is not valid JSON.
pub fn tag_list<'a>(draft: &mut Draft<'a>, list: Json<'a>) -> Result<(), Fault> {
    list.each_item(|item| {
        if let Some(tag) = item.text() {
            let (key, value) = tag.split_once(':').unwrap_or(("tag", &tag));
            label(draft, key.trim(), Some(Cow::Owned(value.trim().to_owned())));
        }
        Ok(())
    })
}

/// The times around a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    // A `date` header has whole seconds: good for a time, not for a latency.
    end_is_exact: bool,
}

impl Times {
    /// A log's one time of a call.
    #[must_use]
    pub const fn at(start: Option<Timestamp>) -> Self {
        Self { start, end: None, end_is_exact: false }
    }
}

/// A label's value: names, numbers and truth values, nothing nested.
fn label_text(value: Json<'_>) -> Option<Cow<'_, str>> {
    value
        .name()
        .or_else(|| matches!(value.raw(), "true" | "false").then_some(Cow::Borrowed(value.raw())))
}

/// The date of an HTTP header, RFC 9110 section 5.6.7.
fn parse_http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::{Labels, parse_http_date};
    use crate::ingest::json::Json;

    fn labels(pairs: &[(&str, &'static str)]) -> Labels<'static> {
        let mut labels = Labels::default();
        for (key, value) in pairs {
            labels.take(key, Json::of_text(value)).unwrap();
        }
        labels
    }

    #[test]
    fn usual_keys_find_their_places_and_the_rest_are_tags() {
        let labels = labels(&[
            (
                "metadata",
                r#"{"feature":"triage","env":"prod","retries":2,"user_id":"u-9","nested":{"a":1}}"#,
            ),
            ("user", "\"u-1\""),
            ("tags", r#"["team:search","beta"]"#),
        ]);
        let draft = &labels.draft;
        assert_eq!(draft.feature.as_deref(), Some("triage"));
        assert_eq!(draft.user.as_deref(), Some("u-9"));
        assert_eq!(draft.account.as_deref(), Some("search"));
        let tags: Vec<_> = draft.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(tags, ["env=prod", "retries=2", "tag=beta"]);
    }

    #[test]
    fn durations_without_a_unit_are_told_by_their_size() {
        for (value, expected) in [("2.5", 2_500.0), ("2500", 2_500.0), ("\"840\"", 840.0)] {
            assert_eq!(labels(&[("latency", value)]).draft.latency_milliseconds, Some(expected));
        }
        assert_eq!(labels(&[("latency_ms", "2.5")]).draft.latency_milliseconds, Some(2.5));
    }

    #[test]
    fn texts_are_no_labels() {
        let long = format!("{{\"note\":\"{}\"}}", "x".repeat(300));
        let mut labels = Labels::default();
        labels.take("metadata", Json::of_text(&long)).unwrap();
        assert!(labels.draft.tags.is_empty());
    }

    #[test]
    fn http_dates_are_read() {
        // 784,111,777 s after the epoch (GNU date).
        let date = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date.map(crate::units::Timestamp::micros), Some(784_111_777_000_000));
    }
}
