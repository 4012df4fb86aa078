//! Embeddings: input alone is billed, nothing is generated.

use crate::ingest::json::{Fault, Json};
use crate::ingest::prompt::Recorder;
use crate::record::component::Component;
use crate::units::Tokens;

use super::body::{Answer, Body, Reading, Shape, first_item};
use super::openai_usage;
use super::request::read_fact;

/// `{object: list, data: [{object: embedding}], usage}`.
#[derive(Debug)]
pub struct OpenAiEmbeddings;

impl Body for OpenAiEmbeddings {
    fn id(&self) -> &'static str {
        "openai-embeddings"
    }

    fn recognises(&self, shape: &Shape<'_>) -> bool {
        let is_embedding = |item: Json<'_>| {
            item.get("embedding").is_some()
                || item.get("object").and_then(Json::text).as_deref() == Some("embedding")
        };
        shape.object.as_deref() == Some("list")
            && shape.data.and_then(first_item).is_some_and(is_embedding)
    }

    fn was_asked(&self, url: &str, _request: Json<'_>) -> bool {
        url.contains("/embeddings")
    }

    fn read_request<'a>(&self, request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        let mut recorder = Recorder::new(reading.memo);
        let mut texts = 0_u32;
        reading.embeds();
        request.each_entry(|key, value| {
            if key == "input" {
                let mut add = |text: Json<'a>| {
                    if text.text().is_some() {
                        recorder.add_text(text, Component::UserInput, false);
                        texts += 1;
                    }
                };
                add(value);
                return value.each_item(|item| {
                    add(item);
                    Ok(())
                });
            }
            read_fact(key, value, reading)?;
            if reading.is_parameter(key) {
                recorder.parameter(key, value);
            }
            Ok(())
        })?;
        // An input of token ids has no text to measure.
        reading.recorder = (texts > 0).then_some(recorder);
        Ok(())
    }

    fn read_answer<'a>(&self, answer: &Answer<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        reading.embeds();
        let Answer::Whole(body) = answer else {
            return Err(Fault::Other("embeddings are never streamed"));
        };
        body.each_entry(|key, value| {
            match key {
                "model" => reading.draft.model = value.text().or(reading.draft.model.take()),
                "usage" => openai_usage::read(value, reading)?,
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        // No `completion_tokens` here means that there can be none, not that
        // they were not logged.
        if reading.draft.usage.input.is_some() {
            reading.draft.usage.output = Some(Tokens::ZERO);
        }
        Ok(())
    }
}
