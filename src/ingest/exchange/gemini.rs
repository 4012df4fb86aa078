//! Gemini's `generateContent`, of the Developer API and of Vertex AI, also as
//! Google's Python SDK spells it when its objects are dumped.

use std::borrow::Cow;

use crate::ingest::json::{Fault, Json};
use crate::record::call::{Finish, Status};
use crate::units::Moment;

use super::body::{Answer, Body, Mark, Reading, Shape, first_item};
use super::provider::bare_model;
use super::{gemini_prompt, gemini_usage};

/// Answers of `generateContent`, and the chunks of `streamGenerateContent`.
#[derive(Debug)]
pub struct Gemini;

impl Body for Gemini {
    fn id(&self) -> &'static str {
        "gemini"
    }

    fn recognises(&self, shape: &Shape<'_>) -> bool {
        let answers = || {
            let candidate = shape.body.and_then(|body| body.get("candidates")).and_then(first_item);
            candidate.is_some_and(|candidate| {
                ["content", "finishReason", "finish_reason"]
                    .iter()
                    .any(|key| candidate.get(key).is_some())
            })
        };
        let is_embedding = shape.has(Mark::Embedding) || shape.has(Mark::Embeddings);
        (shape.has(Mark::UsageMetadata) && !is_embedding)
            || shape.has(Mark::PromptFeedback)
            || (shape.has(Mark::Candidates) && answers())
    }

    fn was_asked(&self, url: &str, request: Json<'_>) -> bool {
        url.contains(":generateContent")
            || url.contains(":streamGenerateContent")
            || request.get("contents").is_some()
    }

    fn read_request<'a>(&self, request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        gemini_prompt::read_request(request, reading)
    }

    fn read_answer<'a>(&self, answer: &Answer<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        let mut seen = Seen::default();
        match answer {
            Answer::Whole(body) => read_body(*body, reading, &mut seen)?,
            Answer::Events(chunks) => {
                reading.draft.request.stream = Some(true);
                for chunk in chunks {
                    match read_body(*chunk, reading, &mut seen) {
                        // Cut off, or damaged: what follows may still hold the last counts.
                        Err(Fault::NotJson) => {}
                        read => read?,
                    }
                }
                let has_ended = seen.finish.is_some() || seen.blocked;
                if !has_ended && reading.draft.status == Status::Success {
                    reading.cut_stream();
                }
            }
        }
        seen.settle(reading)
    }
}

/// What several chunks may say; the last word counts.
#[derive(Default)]
struct Seen<'a> {
    usage: Option<Json<'a>>,
    finish: Option<Cow<'a, str>>,
    blocked: bool,
    calls_tools: bool,
    searches: u64,
    is_vertex: bool,
}

impl<'a> Seen<'a> {
    fn settle(self, reading: &mut Reading<'a>) -> Result<(), Fault> {
        let draft = &mut reading.draft;
        // Tool calls end with a plain STOP.
        draft.finish = match self.finish.as_deref().map(Finish::parse) {
            Some(Finish::Stop) if self.calls_tools => Finish::ToolCalls,
            Some(finish) => finish,
            None if self.blocked => Finish::ContentFilter,
            None if draft.status == Status::Error => Finish::Error,
            None => Finish::Unknown,
        };
        // Up to Gemini 2.5 a grounded prompt is billed, after it each query
        // (Gemini API, "Pricing", Grounding with Google Search).
        let by_prompt = draft.model.as_deref().is_some_and(|model| {
            ["gemini-1", "gemini-2"].iter().any(|generation| model.starts_with(generation))
        });
        draft.tool_requests = if by_prompt { self.searches.min(1) } else { self.searches };
        if self.is_vertex {
            reading.provider_hint = Some("gcp.vertex_ai");
        }
        self.usage.map_or(Ok(()), |usage| gemini_usage::read(usage, reading))
    }
}

/// Reads an answer, or one chunk of it. Counts of chunks are cumulative.
fn read_body<'a>(
    body: Json<'a>,
    reading: &mut Reading<'a>,
    seen: &mut Seen<'a>,
) -> Result<(), Fault> {
    body.each_entry(|key, value| {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "responseId" | "response_id" => {
                reading.response_id = value.text().or(reading.response_id.take());
            }
            "modelVersion" | "model_version" => {
                let model = value.text().map(bare_model);
                reading.draft.model = model.or(reading.draft.model.take());
            }
            "createTime" | "create_time" => {
                // The Developer API writes none.
                seen.is_vertex = true;
                let time = value.time("createTime").ok().flatten();
                reading.created = time.map(Moment::dated).or(reading.created);
            }
            "usageMetadata" | "usage_metadata" => {
                seen.is_vertex |= value.get("trafficType").is_some();
                seen.usage = Some(value);
            }
            "candidates" => {
                value.each_item(|candidate| read_candidate(candidate, reading, seen))?
            }
            "promptFeedback" | "prompt_feedback" => {
                seen.blocked |= ["blockReason", "block_reason"]
                    .iter()
                    .any(|reason| value.get(reason).is_some());
            }
            "error" => reading.failed(),
            _ => {}
        }
        Ok(())
    })
}

fn read_candidate<'a>(
    candidate: Json<'a>,
    reading: &mut Reading<'a>,
    seen: &mut Seen<'a>,
) -> Result<(), Fault> {
    candidate.each_entry(|key, value| {
        match key {
            "finishReason" | "finish_reason" => seen.finish = value.text().or(seen.finish.take()),
            "content" => {
                if let Some(parts) = value.get("parts") {
                    parts.each_item(|part| read_part(part, reading, seen))?;
                }
            }
            "groundingMetadata" | "grounding_metadata" => {
                let queries = value.get("webSearchQueries").or(value.get("web_search_queries"));
                let number = queries.map_or(0, |queries| queries.items().len());
                // Chunks restate what was searched so far.
                seen.searches = seen.searches.max(u64::try_from(number).unwrap_or_default());
            }
            _ => {}
        }
        Ok(())
    })
}

/// A piece of the answer: text, or what a tool is called with. Thoughts are
/// counted apart.
fn read_part<'a>(
    part: Json<'a>,
    reading: &mut Reading<'a>,
    seen: &mut Seen<'a>,
) -> Result<(), Fault> {
    let is_thought = part.get("thought").and_then(Json::truth) == Some(true);
    part.each_entry(|key, value| {
        match key {
            "text" if !is_thought => reading.add_answer(value),
            "functionCall" | "function_call" if value.is_object() => {
                seen.calls_tools = true;
                if let Some(arguments) = value.get("args") {
                    reading.add_answer_arguments(arguments);
                }
            }
            _ => {}
        }
        Ok(())
    })
}
