//! What calls can be selected by: the fields of a call, a bucket and a charge.

use std::borrow::Cow;

use crate::record::bucket::Bucket;
use crate::record::call::{Call, Finish, Operation, Status};
use crate::record::charge::Charge;
use crate::record::log::Log;

use super::error::SelectionError;
use super::nearest::nearest;

/// A field that a filter or a rule can name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The model, as the log names it.
    Model,
    /// The provider that billed the call.
    Provider,
    /// The feature the call belongs to.
    Feature,
    /// The end user.
    User,
    /// Who pays.
    Account,
    /// The workspace whose caches are shared.
    Workspace,
    /// The conversation or session.
    Conversation,
    /// The service tier: `standard`, `batch`, `flex`, ...
    Tier,
    /// The region.
    Region,
    /// `success`, `error` or `aborted`.
    Status,
    /// `chat`, `embeddings` or `other`.
    Operation,
    /// `stop`, `length`, `tool_calls`, `content_filter` or `error`.
    FinishReason,
    /// The place in the caller's code, deduced from tools and system prompt.
    CallSite,
    /// A tag of the record, by its name.
    Tag(String),
}

impl Field {
    /// The names of all fields but tags, in the order of the help.
    pub const NAMES: [&'static str; 13] = [
        "model",
        "provider",
        "feature",
        "user",
        "account",
        "workspace",
        "conversation",
        "tier",
        "region",
        "status",
        "operation",
        "finish_reason",
        "call_site",
    ];

    const ALL: [Self; 13] = [
        Self::Model,
        Self::Provider,
        Self::Feature,
        Self::User,
        Self::Account,
        Self::Workspace,
        Self::Conversation,
        Self::Tier,
        Self::Region,
        Self::Status,
        Self::Operation,
        Self::FinishReason,
        Self::CallSite,
    ];

    /// Reads a field's name; `-` counts as `_`, letter case does not count,
    /// and `tag.NAME` is the tag NAME, exactly as it is spelt.
    ///
    /// # Errors
    /// When there is no such field.
    pub fn parse(name: &str) -> Result<Self, SelectionError> {
        let name = name.trim();
        if let Some(tag) = name.strip_prefix("tag.").filter(|tag| !tag.is_empty()) {
            return Ok(Self::Tag(tag.to_owned()));
        }
        let folded = name.to_ascii_lowercase().replace('-', "_");
        let found = Self::NAMES.iter().zip(Self::ALL).find(|(known, _)| **known == folded);
        found.map(|(_, field)| field).ok_or_else(|| SelectionError::UnknownField {
            name: name.to_owned(),
            nearest: nearest(name, Self::NAMES),
        })
    }
}

impl std::fmt::Display for Field {
    /// Writes the name that [`Field::parse`] reads.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(name) => write!(f, "tag.{name}"),
            field => {
                let known = Self::NAMES.iter().zip(Self::ALL).find(|(_, known)| known == field);
                f.write_str(known.map_or("", |(name, _)| name))
            }
        }
    }
}

/// Something with fields to select by.
pub trait Fields {
    /// The text of a field; `None` where there is none.
    ///
    /// An implementor must not make up a text for what the log does not say.
    fn value(&self, field: &Field) -> Option<Cow<'_, str>>;
}

/// The fields of a call.
#[derive(Clone, Debug)]
pub struct CallFields<'a> {
    /// The log the call is of.
    pub log: &'a Log,
    /// The call.
    pub call: &'a Call,
    /// The feature as finally decided; the log's own while rules decide it.
    pub feature: Option<Cow<'a, str>>,
}

impl<'a> CallFields<'a> {
    /// The fields with the feature that the log itself states.
    #[must_use]
    pub fn logged(log: &'a Log, call: &'a Call) -> Self {
        Self { log, call, feature: log.strings.text_of(call.feature).map(Cow::Borrowed) }
    }
}

impl Fields for CallFields<'_> {
    fn value(&self, field: &Field) -> Option<Cow<'_, str>> {
        let (log, call) = (self.log, self.call);
        let text = |symbol| log.strings.text_of(symbol).map(Cow::Borrowed);
        match field {
            Field::Model => text(call.model),
            Field::Provider => text(call.provider),
            Field::Feature => self.feature.as_deref().map(Cow::Borrowed),
            Field::User => text(call.user),
            Field::Account => text(call.account),
            Field::Workspace => text(call.workspace),
            Field::Conversation => text(call.conversation),
            Field::Tier => Some(Cow::Borrowed(call.tier.name())),
            Field::Region => text(call.region),
            Field::Status => Some(Cow::Borrowed(status(call.status))),
            Field::Operation => Some(Cow::Borrowed(operation(call.operation))),
            Field::FinishReason => finish_reason(call.finish).map(Cow::Borrowed),
            Field::CallSite => text(log.prompt(call.prompt).and_then(|prompt| prompt.call_site)),
            Field::Tag(name) => {
                let tags = log.tags(call.tags).iter();
                let mut named = tags.filter(|(key, _)| log.strings.text(*key) == name);
                named.next().map(|(_, value)| Cow::Borrowed(log.strings.text(*value)))
            }
        }
    }
}

/// The fields of a bucket of a usage export.
#[derive(Clone, Copy, Debug)]
pub struct BucketFields<'a> {
    /// The log the bucket is of.
    pub log: &'a Log,
    /// The bucket.
    pub bucket: &'a Bucket,
}

impl Fields for BucketFields<'_> {
    fn value(&self, field: &Field) -> Option<Cow<'_, str>> {
        let bucket = self.bucket;
        let symbol = match field {
            Field::Model => bucket.model,
            Field::Provider => bucket.provider,
            Field::Feature => bucket.feature,
            Field::User => bucket.user,
            Field::Account => bucket.account,
            Field::Region => bucket.region,
            Field::Tier => return Some(Cow::Borrowed(bucket.tier.name())),
            Field::Operation => return Some(Cow::Borrowed(operation(bucket.operation))),
            Field::Workspace
            | Field::Conversation
            | Field::Status
            | Field::FinishReason
            | Field::CallSite
            | Field::Tag(_) => None,
        };
        self.log.strings.text_of(symbol).map(Cow::Borrowed)
    }
}

/// The fields of a billed amount.
#[derive(Clone, Copy, Debug)]
pub struct ChargeFields<'a> {
    /// The log the charge is of.
    pub log: &'a Log,
    /// The charge.
    pub charge: &'a Charge,
}

impl Fields for ChargeFields<'_> {
    fn value(&self, field: &Field) -> Option<Cow<'_, str>> {
        let charge = self.charge;
        let symbol = match field {
            Field::Model => charge.model,
            Field::Provider => charge.provider,
            Field::Account => charge.account,
            Field::Region => charge.region,
            Field::Tier => return charge.tier.map(|tier| Cow::Borrowed(tier.name())),
            Field::Feature
            | Field::User
            | Field::Operation
            | Field::Workspace
            | Field::Conversation
            | Field::Status
            | Field::FinishReason
            | Field::CallSite
            | Field::Tag(_) => None,
        };
        self.log.strings.text_of(symbol).map(Cow::Borrowed)
    }
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Success => "success",
        Status::Error => "error",
        Status::Aborted => "aborted",
    }
}

const fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Chat => "chat",
        Operation::Embeddings => "embeddings",
        Operation::Other => "other",
    }
}

const fn finish_reason(finish: Finish) -> Option<&'static str> {
    Some(match finish {
        Finish::Unknown => return None,
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter => "content_filter",
        Finish::Error => "error",
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{CallFields, Field, Fields as _};
    use crate::record::call::{Call, Finish, TagsId};
    use crate::record::log::Log;
    use crate::selection::SelectionError;

    #[test]
    fn every_name_is_a_field_and_a_slip_gets_a_hint() {
        for (name, field) in Field::NAMES.iter().zip(Field::ALL) {
            assert_eq!(field.to_string(), *name);
            assert_eq!(Field::parse(name), Ok(field));
        }
        assert_eq!(Field::parse("Finish-Reason"), Ok(Field::FinishReason));
        assert_eq!(Field::parse("tag.Route"), Ok(Field::Tag("Route".to_owned())));
        let error = Field::parse("modle");
        assert_eq!(
            error,
            Err(SelectionError::UnknownField { name: "modle".to_owned(), nearest: Some("model") })
        );
        assert!(Field::parse("tag.").is_err());
    }

    #[test]
    fn a_call_answers_for_what_its_log_says() {
        let mut log = Log::default();
        let model = log.strings.intern("gpt-5-mini");
        let (route, path) = (log.strings.intern("route"), log.strings.intern("/search"));
        log.tag_sets.push(route.zip(path).into_iter().collect());
        let call = Call { model, tags: Some(TagsId(0)), finish: Finish::Length, ..Call::default() };
        let fields = CallFields::logged(&log, &call);
        let value = |name: &str| fields.value(&Field::parse(name).expect("a field"));
        assert_eq!(value("model"), Some(Cow::Borrowed("gpt-5-mini")));
        assert_eq!(value("tag.route"), Some(Cow::Borrowed("/search")));
        assert_eq!(value("tag.Route"), None);
        assert_eq!(value("finish_reason"), Some(Cow::Borrowed("length")));
        assert_eq!(value("tier"), Some(Cow::Borrowed("standard")));
        assert_eq!(value("feature"), None);
        assert_eq!(value("user"), None);
    }
}
