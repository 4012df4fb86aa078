//! Makes one set of disjoint counters out of the counts of a record.

use crate::ingest::batch::Batch;
use crate::ingest::json::Fault;
use crate::ingest::value::Value;
use crate::record::call::Flags;
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Tokens, Ttl};

use super::field::Field;
use super::fields::Fields;

/// The counters of a call and what there is to say about them.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) usage: Usage,
    pub(super) flags: Flags,
}

/// Whether an input count holds the cached part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Convention {
    Undeclared,
    Inclusive,
    Exclusive,
}

pub(super) fn read(fields: &Fields<'_>, batch: &mut Batch) -> Result<Counts, Fault> {
    let mut counter = Counter { batch, flags: Flags::default() };
    let usage = counter.usage(fields)?;
    counter.flags.other_modality =
        fields.count(Field::OtherModality)?.is_some_and(|count| count > 0);
    Ok(Counts { usage, flags: counter.flags })
}

struct Counter<'b> {
    batch: &'b mut Batch,
    flags: Flags,
}

impl Counter<'_> {
    fn usage(&mut self, fields: &Fields<'_>) -> Result<Usage, Fault> {
        let tokens = |field| Ok::<_, Fault>(fields.count(field)?.map(Tokens::new));
        let mut usage = Usage {
            input: tokens(Field::Input)?,
            cache_read: tokens(Field::CacheRead)?,
            cache_write: self.cache_writes(fields)?,
            output: tokens(Field::Output)?,
            reasoning: tokens(Field::Reasoning)?,
            ..Usage::default()
        };
        let total = tokens(Field::Total)?;
        let uncached = tokens(Field::UncachedInput)?;
        let logged = usage.input;
        self.whole_input(fields, &mut usage, uncached, total);
        self.with_total(&mut usage, logged, total);
        Ok(usage)
    }

    /// The parts written to the cache; a total beside its parts names what is
    /// left of it.
    fn cache_writes(&mut self, fields: &Fields<'_>) -> Result<Option<CacheWrites>, Fault> {
        let tokens = |field| Ok::<_, Fault>(fields.count(field)?.map(Tokens::new));
        let all = tokens(Field::CacheWrite)?;
        let five_minutes = tokens(Field::CacheWriteFiveMinutes)?;
        let one_hour = tokens(Field::CacheWriteOneHour)?;
        if all.is_none() && five_minutes.is_none() && one_hour.is_none() {
            return Ok(None);
        }
        let named = five_minutes.unwrap_or_default() + one_hour.unwrap_or_default();
        if all.is_some_and(|all| all < named) {
            self.contradiction(
                "CACHE_WRITES_DISAGREE",
                "cache writes by lifetime exceed their total; the parts are counted",
            );
        }
        Ok(Some(CacheWrites {
            unstated: all.unwrap_or_default().saturating_sub(named),
            short: five_minutes.map(|tokens| (Ttl::FIVE_MINUTES, tokens)),
            long: one_hour.map(|tokens| (Ttl::ONE_HOUR, tokens)),
        }))
    }

    /// Makes the input the whole prompt, whatever the record calls input.
    fn whole_input(
        &mut self,
        fields: &Fields<'_>,
        usage: &mut Usage,
        uncached: Option<Tokens>,
        total: Option<Tokens>,
    ) {
        let cached = usage.cache_read.unwrap_or_default() + usage.cache_written();
        let Some(input) = usage.input else {
            usage.input = uncached.map(|uncached| uncached + cached);
            return;
        };
        // Counts that only make sense when the cached part is apart from the
        // input prove the convention, whatever the column is called.
        let proven = !cached.is_zero()
            && (cached > input
                || uncached == Some(input)
                || (total.is_some()
                    && total == usage.output.map(|output| input + cached + output)));
        match convention(fields) {
            Convention::Exclusive => usage.input = Some(input + cached),
            Convention::Undeclared if fields.anthropic_usage => usage.input = Some(input + cached),
            Convention::Undeclared if proven => {
                self.batch.note(
                    "EXCLUSIVE_INPUT",
                    "the counts show that the input leaves out its cached part; both were added up",
                );
                usage.input = Some(input + cached);
            }
            Convention::Undeclared | Convention::Inclusive => {
                if uncached.is_some_and(|uncached| uncached + cached != input) {
                    self.contradiction("INPUT_DISAGREES", "the input is not the sum of its uncached and cached parts; the input is counted");
                }
            }
        }
    }

    /// Derives the one count that is missing from the total, or compares.
    fn with_total(&mut self, usage: &mut Usage, logged: Option<Tokens>, total: Option<Tokens>) {
        let Some(total) = total else { return };
        let reasoning = usage.reasoning.unwrap_or_default();
        match (usage.input, usage.output) {
            (Some(input), Some(output)) => {
                let logged = logged.unwrap_or(input);
                if total == logged + output + reasoning && !reasoning.is_zero() {
                    // Gemini's way: thoughts are not among the candidates.
                    self.batch.note(
                        "REASONING_APART",
                        "the total shows that the output leaves out reasoning; both were added up",
                    );
                    usage.output = Some(output + reasoning);
                } else if total != input + output && total != logged + output {
                    self.contradiction(
                        "TOTAL_DISAGREES",
                        "the total is not the sum of input and output; it is left aside",
                    );
                }
            }
            (Some(input), None) => {
                usage.output = total.checked_sub(input).or_else(|| total.checked_sub(logged?));
            }
            (None, Some(output)) => usage.input = total.checked_sub(output),
            // A total alone says nothing that could be priced.
            (None, None) => {
                self.batch.note(
                    "ONLY_A_TOTAL",
                    "a record has a total but neither input nor output; its tokens are unknown",
                );
            }
        }
    }

    fn contradiction(&mut self, code: &'static str, message: &'static str) {
        self.flags.inconsistent_counts = true;
        self.batch.note(code, message);
    }
}

fn convention(fields: &Fields<'_>) -> Convention {
    match fields.value(Field::Convention).and_then(Value::name).as_deref() {
        Some("exclusive" | "disjoint" | "anthropic") => Convention::Exclusive,
        Some("inclusive" | "openai") => Convention::Inclusive,
        _ => Convention::Undeclared,
    }
}
