//! Google's embeddings: `embedContent`, `batchEmbedContents`, and Vertex AI's
//! `predict`. Input alone is billed; many answers do not count it.

use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::Recorder;
use crate::record::component::Component;
use crate::units::Tokens;

use super::body::{Answer, Body, Mark, Reading, Shape, first_item};
use super::gemini_usage;
use super::provider::bare_model;

/// `{embedding: {values}}`, `{embeddings: [{values}]}`, `{predictions: [{embeddings}]}`.
#[derive(Debug)]
pub struct GeminiEmbeddings;

impl Body for GeminiEmbeddings {
    fn id(&self) -> &'static str {
        "gemini-embeddings"
    }

    fn recognises(&self, shape: &Shape<'_>) -> bool {
        let Some(body) = shape.body else { return false };
        let first = |key| body.get(key).and_then(first_item);
        (shape.has(Mark::Embedding) && body.at(&["embedding", "values"]).is_some())
            || (shape.has(Mark::Embeddings)
                && first("embeddings").is_some_and(|one| one.get("values").is_some()))
            || (shape.has(Mark::Predictions)
                && first("predictions")
                    .is_some_and(|one| one.at(&["embeddings", "values"]).is_some()))
    }

    fn was_asked(&self, url: &str, _request: Json<'_>) -> bool {
        url.contains(":embedContent") || url.contains(":batchEmbedContents")
    }

    fn read_request<'a>(&self, request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        reading.embeds();
        let mut recorder = Recorder::new(reading.memo);
        let mut texts = 0_u32;
        let mut add = |text: Json<'a>, recorder: &mut Recorder<'a>| {
            if text.text().is_some() {
                recorder.add_text(text, Component::UserInput, false);
                texts += 1;
            }
        };
        request.each_entry(|key, value| {
            match key {
                "model" => reading.draft.requested_model = value.text().map(bare_model),
                "content" => add_parts(value, &mut recorder, &mut add)?,
                "requests" => value.each_item(|one| {
                    one.get("content")
                        .map_or(Ok(()), |content| add_parts(content, &mut recorder, &mut add))
                })?,
                "instances" => value.each_item(|one| {
                    if let Some(text) = one.get("content") {
                        add(text, &mut recorder);
                    }
                    Ok::<(), Fault>(())
                })?,
                _ if reading.is_parameter(key) => recorder.parameter(key, value),
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        reading.recorder = (texts > 0).then_some(recorder);
        Ok(())
    }

    fn read_answer<'a>(&self, answer: &Answer<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        reading.embeds();
        reading.may_be_uncounted = true;
        let Answer::Whole(body) = answer else {
            return Err(Fault::Other("embeddings are never streamed"));
        };
        let mut counted: Option<u64> = None;
        body.each_entry(|key, value| {
            match key {
                "usageMetadata" | "usage_metadata" => gemini_usage::read(value, reading)?,
                "predictions" => {
                    reading.provider_hint = Some("gcp.vertex_ai");
                    value.each_item(|one| {
                        let tokens = one.at(&["embeddings", "statistics", "token_count"]);
                        let tokens = tokens.map_or(Ok(None), |count| count.count("token_count"))?;
                        if let Some(tokens) = tokens {
                            counted = Some(counted.unwrap_or_default().saturating_add(tokens));
                        }
                        Ok::<(), Fault>(())
                    })?;
                }
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        let usage = &mut reading.draft.usage;
        usage.input = usage.input.or(counted.map(Tokens::new));
        if usage.input.is_some() {
            // Nothing is generated: no count means none.
            usage.output = Some(Tokens::ZERO);
        }
        Ok(())
    }
}

fn add_parts<'a>(
    content: Json<'a>,
    recorder: &mut Recorder<'a>,
    add: &mut impl FnMut(Json<'a>, &mut Recorder<'a>),
) -> Result<(), Fault> {
    if content.is_text() {
        add(content, recorder);
    }
    content.get("parts").map_or(Ok(()), |parts| {
        parts.each_item(|part| {
            if let Some(text) = part.get("text") {
                add(text, recorder);
            }
            Ok::<(), Fault>(())
        })
    })
}
