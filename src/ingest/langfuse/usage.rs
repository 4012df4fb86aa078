//! What `usageDetails` counts: a free map whose entries are disjoint or not.
//!
//! Langfuse's own integrations write disjoint entries that add up to `total`;
//! OpenTelemetry and `OpenInference` write subsets under names with a dot. The
//! total of the map itself says which.

use crate::ingest::exchange::body::Reading;
use crate::ingest::json::{Fault, Json};
use crate::ingest::value::Value;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Tokens, Ttl};

/// What an entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Plain,
    Read,
    Written,
    FiveMinutes,
    OneHour,
    Reasoning,
    Audio,
    /// A part of its own, such as images.
    Part,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    is_input: bool,
    what: What,
    dotted: bool,
    count: u64,
}

/// Which entries are inside `input` and `output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    None,
    Dotted,
    All,
}

/// The counts of an observation.
#[derive(Debug, Default)]
pub(super) struct Details {
    entries: Vec<Entry>,
    total: Option<u64>,
    /// Counts of neither side, which a total may include.
    others: u64,
}

impl Details {
    /// Takes in a map of counts.
    ///
    /// # Errors
    /// When it is not valid JSON or an entry is no count.
    pub(super) fn read(&mut self, map: Json<'_>) -> Result<(), Fault> {
        map.each_entry(|key, value| self.take(key, Value::Json(value)))
    }

    /// Takes in one count.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn take(&mut self, key: &str, value: Value<'_>) -> Result<(), Fault> {
        let key = key.to_ascii_lowercase();
        let is_nested = matches!(value, Value::Json(json) if json.is_object() || json.is_array());
        if key == "unit" || is_nested {
            return Ok(());
        }
        let Some(count) = value.count("usageDetails")? else { return Ok(()) };
        if matches!(key.as_str(), "total" | "total_tokens" | "totaltokens") {
            self.total = Some(count);
            return Ok(());
        }
        let Some((is_input, what)) = meaning(&key) else {
            self.others = self.others.saturating_add(count);
            return Ok(());
        };
        self.entries.push(Entry { is_input, what, dotted: key.contains('.'), count });
        Ok(())
    }

    /// Whether anything was counted for input or output.
    pub(super) fn is_reported(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Whether any token was.
    pub(super) fn is_positive(&self) -> bool {
        self.entries.iter().any(|entry| entry.count > 0)
    }

    /// The counters, none inside another.
    pub(super) fn usage(mut self, reading: &mut Reading<'_>) -> Usage {
        self.drop_restated_writes();
        let inside = self.inside(reading);
        let is_inside = |entry: &Entry| match inside {
            Inside::None => false,
            Inside::Dotted => entry.dotted,
            Inside::All => entry.what != What::Plain,
        };
        let sum = |pick: &dyn Fn(&Entry) -> bool| {
            let mut picked = self.entries.iter().filter(|entry| pick(entry)).peekable();
            picked.peek()?;
            Some(picked.fold(0_u64, |sum, entry| sum.saturating_add(entry.count)))
        };
        let of = |what: What, is_input: bool| {
            let count = sum(&|entry| entry.what == what && entry.is_input == is_input);
            count.map(Tokens::new)
        };
        let whole = |is_input: bool| {
            sum(&|entry| entry.is_input == is_input && !is_inside(entry)).map(Tokens::new)
        };
        let (unstated, short, long) =
            (of(What::Written, true), of(What::FiveMinutes, true), of(What::OneHour, true));
        let writes = unstated.or(short).or(long).map(|_| CacheWrites {
            unstated: unstated.unwrap_or_default(),
            short: short.map(|tokens| (Ttl::FIVE_MINUTES, tokens)),
            long: long.map(|tokens| (Ttl::ONE_HOUR, tokens)),
        });
        Usage {
            input: whole(true),
            cache_read: of(What::Read, true),
            cache_write: writes,
            output: whole(false),
            reasoning: of(What::Reasoning, false),
            audio_input: of(What::Audio, true),
            audio_output: of(What::Audio, false),
        }
    }

    /// Leaves out the sum of writes where they stand by lifetime too.
    fn drop_restated_writes(&mut self) {
        let sum = |what: What| -> u64 {
            let of = self.entries.iter().filter(|entry| entry.what == what);
            of.fold(0, |sum, entry| sum.saturating_add(entry.count))
        };
        let named = sum(What::FiveMinutes).saturating_add(sum(What::OneHour));
        if named > 0 && sum(What::Written) == named {
            self.entries.retain(|entry| entry.what != What::Written);
        }
    }

    fn inside(&self, reading: &mut Reading<'_>) -> Inside {
        let sum = |pick: &dyn Fn(&Entry) -> bool| {
            let picked = self.entries.iter().filter(|entry| pick(entry));
            picked.fold(0_u64, |sum, entry| sum.saturating_add(entry.count))
        };
        let Some(total) = self.total else { return Inside::Dotted };
        let all = sum(&|_| true);
        let plain = sum(&|entry| entry.what == What::Plain);
        let undotted = sum(&|entry| !entry.dotted);
        let adds_up = |parts: u64| parts == total || parts.saturating_add(self.others) == total;
        if adds_up(all) {
            return Inside::None;
        }
        if adds_up(plain) {
            let input = sum(&|entry| entry.is_input && entry.what == What::Plain);
            let cached = sum(&|entry| {
                use What::{FiveMinutes, OneHour, Read, Written};
                entry.is_input && matches!(entry.what, Read | Written | FiveMinutes | OneHour)
            });
            if cached <= input {
                return Inside::All;
            }
            reading.notes.push((
                "EXCLUSIVE_PROMPT",
                "prompts are smaller than what was cached of them: the count leaves cached \
                 tokens out, and they are added",
            ));
            return Inside::None;
        }
        if !adds_up(undotted) {
            reading.inconsistent(
                "USAGE_TOTAL_MISMATCH",
                "usage details do not add up to their total in any way; they are taken to be \
                 disjoint but for those with a dot",
            );
        }
        Inside::Dotted
    }
}

/// What a key counts, and whether it is of the prompt.
fn meaning(key: &str) -> Option<(bool, What)> {
    let has = |word: &str| key.contains(word);
    match key {
        "input" | "prompt" | "input_tokens" | "prompt_tokens" | "inputtokens" | "prompttokens" => {
            return Some((true, What::Plain));
        }
        "output" | "completion" | "output_tokens" | "completion_tokens" | "outputtokens"
        | "completiontokens" => return Some((false, What::Plain)),
        _ => {}
    }
    let is_reasoning = has("reasoning") || has("thought") || has("thinking");
    let is_output = key.starts_with("output") || key.starts_with("completion") || is_reasoning;
    if !is_output && !has("input") && !has("prompt") && !has("cache") {
        return None;
    }
    let what = if is_reasoning {
        What::Reasoning
    } else if has("cache") && !is_output {
        match (has("creation") || has("write"), has("5m"), has("1h")) {
            (true, true, _) => What::FiveMinutes,
            (true, _, true) => What::OneHour,
            (true, ..) => What::Written,
            (false, ..) => What::Read,
        }
    } else if has("audio") {
        What::Audio
    } else {
        What::Part
    };
    Some((!is_output, what))
}
