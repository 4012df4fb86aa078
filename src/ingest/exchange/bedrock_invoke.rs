//! Bodies of Bedrock's `InvokeModel` that are no other family's: each maker has
//! a shape of its own. Claude's are Anthropic's, Nova's are Converse's, and
//! some speak OpenAI's; what is left is Titan, Llama, Mistral and Cohere.
//!
//! Titan and Llama count tokens in the body, the others only in headers or in
//! the metrics behind a stream. Where neither was logged the counts are unknown.

use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::Recorder;
use crate::record::call::{Count, Finish};
use crate::record::component::Component;
use crate::units::Tokens;

use super::bedrock_counts::BedrockCounts;
use super::body::{Answer, Body, Mark, Reading, Shape};
use super::request::{is_filled, read_fact};

/// Answers of Titan, Llama, Mistral and Cohere, embeddings included.
#[derive(Debug)]
pub struct BedrockInvoke;

impl Body for BedrockInvoke {
    fn id(&self) -> &'static str {
        "bedrock-invoke"
    }

    fn recognises(&self, shape: &Shape<'_>) -> bool {
        let has = |mark| shape.has(mark);
        // None of these bodies names its model or type; in-house records do.
        let is_bare = shape.object.is_none() && shape.kind.is_none() && !has(Mark::Model);
        let ends = has(Mark::SnakeStopReason) || has(Mark::FinishReason);
        is_bare
            && (has(Mark::InvocationMetrics)
                || (has(Mark::InputTextTokenCount)
                    && (has(Mark::Results) || has(Mark::OutputText) || has(Mark::Embedding)))
                || (has(Mark::Generation) && ends)
                || (has(Mark::Completion) && has(Mark::SnakeStopReason))
                || (has(Mark::GenerationId) && ends)
                || (has(Mark::ResponseType) && has(Mark::Embeddings))
                || has_items(shape, Mark::Generations, "generations", "finish_reason")
                || has_items(shape, Mark::Outputs, "outputs", "stop_reason")
                || has_items(shape, Mark::Embeddings, "embeddings", "embeddingType"))
    }

    fn was_asked(&self, url: &str, request: Json<'_>) -> bool {
        let is_invoke = url.contains("/model/") && url.contains("/invoke");
        let is_other = url.contains("anthropic") || request.get("messages").is_some();
        (is_invoke && !is_other)
            || ["inputText", "textGenerationConfig", "max_gen_len"]
                .iter()
                .any(|key| request.get(key).is_some())
    }

    fn read_request<'a>(&self, request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        let mut recorder = Recorder::new(reading.memo);
        let mut texts = 0_u32;
        let mut add = |text: Json<'a>, component| {
            if text.is_text() && is_filled(text) {
                recorder.add_text(text, component, false);
                recorder.end_message();
                texts += 1;
            }
        };
        let mut parameters = Vec::new();
        request.each_entry(|key, value| {
            match key {
                "preamble" => add(value, Component::SystemPrompt),
                "inputText" | "prompt" | "message" => add(value, Component::UserInput),
                "texts" => value.each_item(|text| {
                    add(text, Component::UserInput);
                    Ok::<(), Fault>(())
                })?,
                "singleEmbeddingParams" => {
                    if let Some(text) = value.at(&["text", "value"]) {
                        add(text, Component::UserInput);
                    }
                }
                "max_gen_len" => read_most(value, reading)?,
                "textGenerationConfig" => {
                    value.each_entry(|key, value| match key {
                        "maxTokenCount" => read_most(value, reading),
                        _ => read_fact(key, value, reading),
                    })?;
                    parameters.push((key.to_owned(), value));
                }
                _ => {
                    read_fact(key, value, reading)?;
                    parameters.push((key.to_owned(), value));
                }
            }
            Ok::<(), Fault>(())
        })?;
        for (key, value) in parameters {
            if reading.is_parameter(&key) {
                recorder.parameter(&key, value);
            }
        }
        let facts = &mut reading.draft.request;
        facts.stream = facts.stream.or(Some(false));
        // Earlier turns of Cohere's chat are not laid out here: without them a
        // prompt would be measured too short.
        let has_history = request.get("chat_history").is_some_and(is_filled);
        reading.recorder = (texts > 0 && !has_history).then_some(recorder);
        Ok(())
    }

    fn read_answer<'a>(&self, answer: &Answer<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        reading.provider_hint = Some("aws.bedrock");
        reading.may_be_uncounted = true;
        let mut seen = Seen::default();
        match answer {
            Answer::Whole(body) => seen.read(*body, reading)?,
            Answer::Events(events) => {
                reading.draft.request.stream = Some(true);
                for event in events {
                    match seen.read(*event, reading) {
                        Err(Fault::NotJson) => {}
                        read => read?,
                    }
                }
            }
        }
        seen.settle(reading);
        Ok(())
    }
}

fn read_most<'a>(value: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    reading.draft.request.max_tokens = Count::from_optional(value.count("max_tokens")?);
    Ok(())
}

/// Whether a list's first item is an object with such an entry.
fn has_items(shape: &Shape<'_>, mark: Mark, list: &str, entry: &str) -> bool {
    let first = || shape.body?.get(list).and_then(super::body::first_item);
    shape.has(mark) && first().is_some_and(|first| first.get(entry).is_some())
}

/// What an answer, or the chunks of one, count.
#[derive(Default)]
struct Seen {
    counts: BedrockCounts,
    metrics: BedrockCounts,
    embeds: bool,
    /// Titan counts each of its results apart.
    results: Option<u64>,
}

impl Seen {
    fn read<'a>(&mut self, body: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        body.each_entry(|key, value| {
            if value.is_null() {
                return Ok(());
            }
            match key {
                "inputTextTokenCount" | "prompt_token_count" => {
                    self.counts.input = value.count("prompt_token_count")?.or(self.counts.input);
                }
                "generation_token_count" | "totalOutputTextTokenCount" => {
                    let count = value.count("generation_token_count")?;
                    self.counts.output = count.or(self.counts.output);
                }
                "results" | "outputs" | "generations" => {
                    value.each_item(|one| self.read_result(one, reading))?;
                }
                "embedding" | "embeddings" => self.embeds = true,
                "generation" | "completion" | "text" | "outputText" => reading.add_answer(value),
                "stop_reason" | "finish_reason" | "completionReason" => read_stop(value, reading),
                "generation_id" => reading.response_id = value.text(),
                "amazon-bedrock-invocationMetrics" => {
                    read_metrics(value, &mut self.metrics, reading)?;
                }
                _ => {}
            }
            Ok(())
        })
    }

    /// One of several answers.
    fn read_result<'a>(&mut self, one: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        one.each_entry(|key, value| {
            match key {
                "tokenCount" => {
                    let tokens = value.count("tokenCount")?.unwrap_or_default();
                    let sum = self.results.unwrap_or_default().saturating_add(tokens);
                    self.results = Some(sum);
                }
                "outputText" | "text" => reading.add_answer(value),
                "completionReason" | "stop_reason" | "finish_reason" => read_stop(value, reading),
                _ => {}
            }
            Ok(())
        })
    }

    fn settle(mut self, reading: &mut Reading<'_>) {
        self.counts.output = self.counts.output.or(self.results);
        // The metrics are Bedrock's own, and of the whole stream.
        let counts = if self.metrics.is_reported() { self.metrics } else { self.counts };
        counts.settle(reading);
        if self.embeds {
            reading.embeds();
            if reading.draft.usage.input.is_some() {
                // Nothing is generated: no count means none.
                reading.draft.usage.output = Some(Tokens::ZERO);
            }
        }
    }
}

/// Reads what Bedrock writes into the last event of a stream, whoever made the
/// model.
///
/// # Errors
/// When a count is none.
pub(super) fn read_metrics<'a>(
    metrics: Json<'a>,
    counts: &mut BedrockCounts,
    reading: &mut Reading<'a>,
) -> Result<(), Fault> {
    metrics.each_entry(|key, value| {
        match key {
            "invocationLatency" => reading.draft.latency_milliseconds = value.number(),
            "firstByteLatency" => reading.draft.first_token_milliseconds = value.number(),
            _ => counts.take(key, value)?,
        }
        Ok(())
    })
}

fn read_stop<'a>(reason: Json<'a>, reading: &mut Reading<'a>) {
    if let Some(word) = reason.text() {
        reading.draft.finish = Finish::parse(&word);
    }
}
