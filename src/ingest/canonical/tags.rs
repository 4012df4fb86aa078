//! Tags of a record: an object, a list of words, or a text.

use std::borrow::Cow;

use crate::ingest::batch::Draft;
use crate::ingest::json::{Fault, Json};
use crate::ingest::value::Value;

use super::field::Field;

/// Longer values are texts, which no report may show.
const LONGEST: usize = 128;

/// Puts the tags into a draft; those that stand for a field fill it where the
/// record itself does not.
pub(super) fn read<'a>(value: Value<'a>, draft: &mut Draft<'a>) {
    match value {
        Value::Json(json) => from_json(json, draft),
        Value::Cell(cell) if cell.starts_with(['{', '[']) => from_json(Json::of_text(cell), draft),
        Value::Cell(cell) => from_text(cell, draft),
    }
}

fn from_json<'a>(json: Json<'a>, draft: &mut Draft<'a>) {
    // What cannot be walked was checked with the record; a tag is no reason to
    // lose a call.
    if json.is_object() {
        let _ = json.each_entry(|key, value| {
            if let Some(text) = scalar(value) {
                tag(Cow::Owned(key.to_owned()), text, draft);
            }
            Ok::<(), Fault>(())
        });
    } else if json.is_array() {
        for item in json.items() {
            match item.text() {
                Some(Cow::Borrowed(word)) => one_word(word, draft),
                Some(Cow::Owned(word)) => tag(Cow::Borrowed("tag"), Cow::Owned(word), draft),
                None => {}
            }
        }
    } else if let Some(Cow::Borrowed(text)) = json.text() {
        from_text(text, draft);
    }
}

fn from_text<'a>(text: &'a str, draft: &mut Draft<'a>) {
    for word in text.split([',', ';']).map(str::trim).filter(|word| !word.is_empty()) {
        one_word(word, draft);
    }
}

/// `key:value`, `key=value` or a word.
fn one_word<'a>(word: &'a str, draft: &mut Draft<'a>) {
    match word.split_once([':', '=']) {
        Some((key, value)) => tag(Cow::Borrowed(key.trim()), Cow::Borrowed(value.trim()), draft),
        None => tag(Cow::Borrowed("tag"), Cow::Borrowed(word), draft),
    }
}

fn scalar(value: Json<'_>) -> Option<Cow<'_, str>> {
    match value.truth() {
        Some(_) if !value.is_text() => Some(Cow::Borrowed(value.raw())),
        _ => value.name(),
    }
}

fn tag<'a>(key: Cow<'a, str>, value: Cow<'a, str>, draft: &mut Draft<'a>) {
    if key.is_empty() || value.is_empty() || value.len() > LONGEST {
        return;
    }
    let field = Field::of_name(&key).map(|named| named.field).filter(|field| field.is_tag());
    let slot = match field {
        Some(Field::Feature) => Some(&mut draft.feature),
        Some(Field::User) => Some(&mut draft.user),
        Some(Field::Account) => Some(&mut draft.account),
        Some(Field::Workspace) => Some(&mut draft.workspace),
        Some(Field::Conversation) => Some(&mut draft.conversation),
        Some(Field::Region) => Some(&mut draft.region),
        _ => None,
    };
    match slot {
        // A field of its own needs no tag beside it.
        Some(slot) if slot.is_none() => *slot = Some(value),
        _ => draft.tags.push((key, value)),
    }
}
