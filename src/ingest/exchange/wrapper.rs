//! Peels off what proxies and in-house loggers write around two bodies.
//!
//! Seen in the wild: `{request:{url,timestamp,body}, response:{status,body}}`,
//! `{request_body, response_body}`, `{req, res}`, `{input, output}`, a request
//! with its answer under `response`, and bodies alone. Header objects are
//! dropped on sight, but for a handful of harmless ones.

use std::borrow::Cow;

use crate::ingest::json::{Fault, Json};

use super::body::Shape;
use super::labels::Labels;

/// A record with its bodies apart, each as it was logged.
#[derive(Debug, Default)]
pub struct Outer<'a> {
    /// The request's body.
    pub request: Option<Json<'a>>,
    /// The answer's body.
    pub response: Option<Json<'a>>,
    /// The address that was called.
    pub url: Option<Cow<'a, str>>,
    /// What the record says around the bodies.
    pub labels: Labels<'a>,
    /// Whether request or answer is the record itself.
    pub flat: bool,
    /// Whether the record is the answer itself.
    pub bare: bool,
    /// Whether something was logged of an answer, if only its status.
    pub answered: bool,
    /// The shape of the record itself.
    pub shape: Shape<'a>,
}

#[derive(Default)]
struct Candidates<'a> {
    request: Option<Json<'a>>,
    response: Option<Json<'a>>,
    input: Option<Json<'a>>,
    output: Option<Json<'a>>,
    body: Option<Json<'a>>,
    has_messages: bool,
}

impl Candidates<'_> {
    fn has_request(&self) -> bool {
        self.has_messages || self.request.or(self.input).or(self.body).is_some()
    }
}

impl<'a> Outer<'a> {
    /// Takes a record apart; `is_body` tells a known answer by its shape. An
    /// error beside a request belongs to that request, alone it is an answer.
    ///
    /// # Errors
    /// When the record is not one JSON object, or a label holds what it cannot.
    pub fn peel(record: Json<'a>, is_body: impl Fn(&Shape<'_>) -> bool) -> Result<Self, Fault> {
        if !record.is_object() {
            return Err(Fault::Other("the record is no JSON object"));
        }
        let mut outer = Self::default();
        outer.shape.body = Some(record);
        let mut found = Candidates::default();
        record.each_entry(|key, value| outer.entry(key, value, &mut found))?;
        let is_lone_error = outer.shape.is_error() && !found.has_request();
        if found.response.is_none() && (is_body(&outer.shape) || is_lone_error) {
            outer.bare = true;
            outer.flat = true;
            outer.answered = true;
            outer.response = Some(record);
            outer.request = found.has_messages.then_some(record);
            return Ok(outer);
        }
        let request = found.request.or(found.input.filter(|input| holds_request(*input)));
        let response =
            found.response.or(found.output.filter(|_| !found.has_messages || request.is_some()));
        match (request, found.body) {
            (Some(request), _) | (None, Some(request)) => outer.peel_request(request)?,
            (None, None) if found.has_messages || found.input.is_some() => {
                outer.flat = true;
                outer.request = Some(record);
            }
            (None, None) => {}
        }
        if let Some(response) = response.or(found.output) {
            outer.answered = true;
            outer.peel_response(response)?;
        }
        Ok(outer)
    }

    fn entry(
        &mut self,
        key: &str,
        value: Json<'a>,
        found: &mut Candidates<'a>,
    ) -> Result<(), Fault> {
        self.shape.take(key, value);
        let place = match key {
            "request" | "req" | "request_body" | "requestBody" | "raw_request" => {
                &mut found.request
            }
            "response" | "res" | "response_body" | "responseBody" | "raw_response" => {
                &mut found.response
            }
            "input" => &mut found.input,
            "output" => &mut found.output,
            "body" => &mut found.body,
            "messages" => {
                found.has_messages = value.is_array();
                return Ok(());
            }
            "url" | "uri" | "request_url" | "endpoint" => {
                self.url = self.url.take().or_else(|| value.text());
                return Ok(());
            }
            "headers" | "request_headers" | "response_headers" => return Ok(()),
            _ => return self.labels.take(key, value),
        };
        if place.is_none() && !value.is_null() {
            *place = Some(value);
        }
        Ok(())
    }

    /// Finds the body in what a proxy logged of a request.
    fn peel_request(&mut self, request: Json<'a>) -> Result<(), Fault> {
        let (mut body, mut is_http, mut is_body) = (None, false, false);
        request.each_entry(|key, value| {
            match key {
                "body" | "json" | "payload" if !value.is_null() => body = body.or(Some(value)),
                "url" | "uri" | "path" | "endpoint" => {
                    is_http = true;
                    self.url = self.url.take().or_else(|| value.text());
                }
                "method" | "headers" => is_http = true,
                "timestamp" | "ts" | "time" | "start_time" | "created_at" => {
                    self.labels.started(value.time("timestamp").ok().flatten());
                }
                "model" | "messages" | "input" | "contents" => is_body = true,
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        self.request = match body {
            Some(body) if !is_body => Some(body),
            None if is_http && !is_body => None,
            _ => Some(request),
        };
        Ok(())
    }

    /// Finds the body in what a proxy logged of an answer.
    fn peel_response(&mut self, response: Json<'a>) -> Result<(), Fault> {
        if !response.is_object() {
            self.response = Some(response);
            return Ok(());
        }
        let (mut body, mut is_http, mut is_body) = (None, false, false);
        let mut headers = None;
        response.each_entry(|key, value| {
            match key {
                "body" | "json" | "payload" => {
                    is_http = true;
                    body = body.or(Some(value).filter(|value| !value.is_null()));
                }
                // `Responses` bodies have a `status` of their own, a word.
                "status" | "status_code" | "statusCode" if !value.is_text() => {
                    is_http = true;
                    self.labels.status(value);
                }
                "headers" => headers = Some(value),
                "duration_ms" | "latency_ms" | "elapsed_ms" => self.labels.take(key, value)?,
                "object" | "choices" | "usage" | "content" | "error" | "id" => is_body = true,
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        if let Some(headers) = headers {
            headers.each_entry(|key, value| {
                self.labels.header(key, value);
                Ok::<(), Fault>(())
            })?;
        }
        self.response = match body {
            Some(body) => Some(body),
            None if (is_http || headers.is_some()) && !is_body => None,
            None => Some(response),
        };
        Ok(())
    }
}

/// Whether an `input` is a request, not a question or a list of messages that
/// belongs to the record's own `model`.
fn holds_request(input: Json<'_>) -> bool {
    input.is_object() || input.any_text().is_some_and(|text| text.trim_start().starts_with('{'))
}
