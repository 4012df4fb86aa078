//! Tags of a LiteLLM call: request tags first, then what callers attached.

use std::borrow::Cow;

use crate::ingest::batch::Draft;
use crate::ingest::json::{Fault, Json};

/// Longer values are texts, which no report may show.
const LONGEST: usize = 128;
/// The proxy adds the client's name to every request's tags.
const ADDED_BY_PROXY: &str = "User-Agent:";
/// Objects of the metadata that hold what callers sent along.
const ATTACHED: [&str; 2] = ["spend_logs_metadata", "requester_metadata"];

/// Puts the tags into a draft. The first tag that a person set is the feature,
/// unless one says that it is.
pub(super) fn read<'b>(
    list: Option<Json<'b>>,
    metadata: Option<Json<'b>>,
    draft: &mut Draft<'b>,
) -> Result<(), Fault> {
    let listed = list.filter(|list| !list.items().is_empty());
    let listed = listed.or_else(|| metadata.and_then(|metadata| metadata.get("tags")));
    let mut first = None;
    for word in listed.map(Json::items).unwrap_or_default().into_iter().filter_map(Json::text) {
        if word.starts_with(ADDED_BY_PROXY) || word.len() > LONGEST {
            continue;
        }
        if first.is_none() {
            first = Some(word.clone());
        }
        let (key, value) = split(word);
        tag(key, value, draft);
    }
    for object in ATTACHED.iter().filter_map(|key| metadata?.get(key)) {
        object.each_entry(|key, value| {
            if let Some(value) = value.name().filter(|value| value.len() <= LONGEST) {
                tag(Cow::Owned(key.to_owned()), value, draft);
            }
            Ok::<(), Fault>(())
        })?;
    }
    if draft.feature.is_none() {
        draft.feature = first;
    }
    Ok(())
}

fn tag<'b>(key: Cow<'b, str>, value: Cow<'b, str>, draft: &mut Draft<'b>) {
    let slot = match &*key {
        "feature" | "prompt_name" => &mut draft.feature,
        "session_id" | "conversation_id" => &mut draft.conversation,
        _ => {
            draft.tags.push((key, value));
            return;
        }
    };
    if slot.is_none() {
        *slot = Some(value);
    }
}

/// `key:value`, or a word under the name of the list.
fn split(word: Cow<'_, str>) -> (Cow<'_, str>, Cow<'_, str>) {
    match word {
        Cow::Borrowed(word) => match word.split_once(':') {
            Some((key, value)) => (Cow::Borrowed(key.trim()), Cow::Borrowed(value.trim())),
            None => (Cow::Borrowed("request_tag"), Cow::Borrowed(word)),
        },
        Cow::Owned(word) => match word.split_once(':') {
            Some((key, value)) => {
                (Cow::Owned(key.trim().to_owned()), Cow::Owned(value.trim().to_owned()))
            }
            None => (Cow::Borrowed("request_tag"), Cow::Owned(word)),
        },
    }
}
