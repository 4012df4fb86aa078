//! A log format that a user describes in `tokopt.toml`, under
//! `[formats.NAME]`: where in a record each field of the flat record stands.
//!
//! What the fields mean is said once, in `canonical`; a mapping only finds
//! them.

mod path;
mod settings;

use std::borrow::Cow;

use crate::units::{Moment, Timestamp};

use super::batch::Batch;
use super::canonical::{Field, Fields, Named, relative};
use super::format::{Format, Framing, Header, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::value::Value;

use path::Path;

pub use settings::{MappingError, MappingSettings};

/// A user's own format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    name: String,
    fields: Vec<(Named, Source)>,
    tags: Vec<(String, Path)>,
    detect: Vec<Path>,
    unit: TimeUnit,
    exclusive: Option<bool>,
    framing: Framing,
}

/// Where a field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// A place in the record.
    At(Path),
    /// The same text for every record.
    Fixed(String),
}

/// What a logged time counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum TimeUnit {
    /// A date-time, or a number since 1970 whose size tells its unit.
    #[default]
    Dated,
    /// Numbers since 1970 of this many microseconds each.
    Since1970(u32),
    /// Numbers since an unnamed start of this many microseconds each.
    SinceStart(u32),
}

impl Mapping {
    /// The name the user gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn fields_of<'a>(&'a self, record: &Record<'a>) -> Result<Fields<'a>, Fault> {
        let place = Place::of(record)?;
        let mut fields = Fields::new();
        for (named, source) in &self.fields {
            let value = match source {
                Source::At(path) => place.value(path),
                Source::Fixed(text) => Some(Value::Cell(text)),
            };
            let Some(value) = value.filter(|value| !value.is_missing()) else { continue };
            if named.field == Field::Time && self.unit != TimeUnit::Dated {
                fields.set_moment(Some(self.moment(value)?));
            } else {
                fields.offer(*named, value);
            }
        }
        fields.open_usage()?;
        Ok(fields)
    }

    fn moment(&self, value: Value<'_>) -> Result<Moment, Fault> {
        let moment = value.number().and_then(|number| match self.unit {
            TimeUnit::Dated => None,
            TimeUnit::SinceStart(micros) => relative(number * f64::from(micros)),
            TimeUnit::Since1970(micros) => {
                let since = relative(number * f64::from(micros))?;
                Some(Moment::dated(Timestamp::from_micros(since.micros)))
            }
        });
        moment.ok_or(Fault::BadField {
            field: "timestamp",
            wanted: "a number in the mapping's time unit",
        })
    }

    /// Whether every place that detection asks for is there.
    fn fits(&self, has: impl Fn(&Path) -> bool) -> bool {
        if !self.detect.is_empty() {
            return self.detect.iter().all(has);
        }
        // Without a rule: a count and, where it is mapped, the model.
        let mapped = |test: fn(Field) -> bool| {
            self.fields.iter().filter_map(move |(named, source)| match source {
                Source::At(path) if test(named.field) => Some(path),
                Source::At(_) | Source::Fixed(_) => None,
            })
        };
        mapped(|field| field == Field::Model).all(&has)
            && mapped(|field| {
                matches!(field, Field::Input | Field::UncachedInput | Field::Total | Field::Usage)
            })
            .any(&has)
    }
}

impl Format for Mapping {
    /// The same for every mapping: a report shows [`Mapping::name`] beside it.
    fn id(&self) -> &'static str {
        "mapping"
    }

    fn convention(&self) -> &'static str {
        match self.exclusive {
            Some(true) => {
                "input leaves out cached tokens, as the mapping says; output includes reasoning"
            }
            Some(false) => {
                "input includes cached tokens, as the mapping says; output includes reasoning"
            }
            None => {
                "input includes cached tokens unless the counts show otherwise; output includes reasoning"
            }
        }
    }

    fn framing(&self) -> Framing {
        self.framing
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        match (self.framing, sample) {
            (Framing::Csv, Sample::Csv(header)) => self.fits(|path| has_column(header, path)),
            (Framing::Json, Sample::Json(_)) => {
                sample.any_object(|object| self.fits(|path| path.find(object).is_some()))
            }
            _ => false,
        }
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        if record.row.is_none() {
            // Paths look only where they lead: the rest must be JSON all the same.
            record.json()?.each_entry(|_, _| Ok::<(), Fault>(()))?;
        }
        let fields = self.fields_of(record)?;
        let place = Place::of(record)?;
        let mut draft = fields.draft(batch)?;
        for (key, path) in &self.tags {
            if let Some(value) = place.value(path).and_then(Value::name) {
                draft.tags.push((Cow::Borrowed(key.as_str()), value));
            }
        }
        batch.push(draft)?;
        Ok(Outcome::Kept)
    }
}

/// A record, as far as paths go.
#[derive(Clone, Copy)]
enum Place<'a> {
    Object(Json<'a>),
    Row(&'a super::format::Row<'a>),
}

impl<'a> Place<'a> {
    fn of(record: &Record<'a>) -> Result<Self, Fault> {
        match record.row {
            Some(row) => Ok(Self::Row(row)),
            None => record.json().map(Self::Object),
        }
    }

    fn value(self, path: &Path) -> Option<Value<'a>> {
        match self {
            Self::Object(object) => path.find(object).map(Value::Json),
            Self::Row(row) => row.get(path.column()).map(Value::Cell),
        }
    }
}

fn has_column(header: &Header, path: &Path) -> bool {
    header.position(path.column()).is_some()
}

#[cfg(test)]
mod tests;
