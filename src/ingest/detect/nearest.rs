//! What gives a file's format away, and which formats come nearest to a file
//! that none claims.
//!
//! Knows names of fields only: no value and no text of a file is ever quoted,
//! and a word that could be either is left out.

use super::super::exchange::body::first_item;
use super::super::format::{Format, Framing, KeySet};
use super::super::json::{Fault, Json};
use super::{Head, Opening, SAMPLED, SAMPLED_LATER};

/// Formats that an error names as the nearest.
const NEAREST: usize = 2;
/// Missing names of each that it lists.
const MISSING: usize = 4;
/// A file's own names that it lists.
const SHOWN: usize = 8;

/// The keys or columns that gave a format away: the fullest of its sets.
pub(in crate::ingest) fn gave_away(head: Head<'_>, format: &dyn Format) -> Vec<&'static str> {
    let text = head.readable();
    let best = |most| {
        let opening = Opening::of(&text, most);
        let is_stream = format.framing() == Framing::EventStream;
        let events = if is_stream { opening.as_events(&text) } else { None };
        let fit = Fit::best(&Names::of(events.as_ref().unwrap_or(&opening)), format)?;
        fit.missing.is_empty().then_some(fit.present)
    };
    best(SAMPLED).or_else(|| best(SAMPLED_LATER)).unwrap_or_default()
}

/// What an unknown file looks like, as a phrase for an error: its first keys or
/// columns, which are names and not content, and the formats that come nearest.
pub(in crate::ingest) fn looks_like(head: Head<'_>, formats: &[&dyn Format]) -> String {
    if head.bytes.starts_with(&[0xff, 0xfe]) || head.bytes.starts_with(&[0xfe, 0xff]) {
        return ": it is UTF-16; save it as UTF-8".to_owned();
    }
    let text = head.readable();
    let opening = Opening::of(&text, SAMPLED);
    let names = Names::of(&opening);
    let (kind, own) = match &opening {
        Opening::Columns(header) => {
            let is_named = |column: &String| is_name(column);
            if header.columns.len() < 2 || !header.columns.iter().all(is_named) {
                return ": it is neither JSON, an event stream nor CSV with plain names of columns"
                    .to_owned();
            }
            ("columns", header.columns.clone())
        }
        Opening::Blank => return ": it is neither JSON, CSV nor an event stream".to_owned(),
        Opening::Objects(objects, _) | Opening::Events(objects, _) => {
            ("keys", objects.first().map(|object| keys(*object)).unwrap_or_default())
        }
    };
    let own: Vec<String> = own.into_iter().filter(|name| is_name(name)).take(SHOWN).collect();
    if own.is_empty() {
        return ": it is no valid JSON with named fields".to_owned();
    }
    format!(": no format has the {kind} {}{}", own.join(", "), nearest(&names, formats))
}

/// The formats that a file comes nearest to, with what it lacks of each.
fn nearest(names: &Names<'_>, formats: &[&dyn Format]) -> String {
    let mut fits: Vec<Fit> =
        formats.iter().filter_map(|format| Fit::best(names, *format)).collect();
    // A stable sort: formats that fit equally well stay in the order of asking.
    fits.sort_by_key(|fit| std::cmp::Reverse(fit.weight()));
    let described: Vec<String> = fits.iter().take(NEAREST).map(Fit::described).collect();
    if described.is_empty() {
        return String::new();
    }
    format!("; nearest: {}", described.join(", "))
}

/// How well a file fits the fullest of a format's sets of names.
struct Fit {
    id: &'static str,
    present: Vec<&'static str>,
    missing: Vec<&'static str>,
}

impl Fit {
    fn best(names: &Names<'_>, format: &dyn Format) -> Option<Self> {
        if format.framing() != names.framing() {
            return None;
        }
        let fits = format.keys().iter().map(|set: &KeySet| {
            let (present, missing) = set.iter().partition(|path| names.has(path));
            Self { id: format.id(), present, missing }
        });
        // The first of equal ones: a format names its plainest set first.
        fits.filter(|fit| !fit.present.is_empty())
            .reduce(|best, fit| if fit.weight() > best.weight() { fit } else { best })
    }

    /// The share of the names that are there, in ten-thousandths, then how many.
    const fn weight(&self) -> (usize, usize) {
        const WHOLE: usize = 10_000;
        let names = self.present.len() + self.missing.len();
        (self.present.len() * WHOLE / names, self.present.len())
    }

    fn described(&self) -> String {
        let listed = self.missing.iter().take(MISSING).copied().collect::<Vec<_>>().join(", ");
        let more = self.missing.len().saturating_sub(MISSING);
        match (listed.is_empty(), more) {
            (true, _) => format!("{} (its names are there, their values are not its own)", self.id),
            (false, 0) => format!("{} (without {listed})", self.id),
            (false, more) => format!("{} (without {listed} and {more} more)", self.id),
        }
    }
}

/// The names of fields that a file has.
enum Names<'h> {
    /// Its objects, the first element of every list that one of them holds (a
    /// page's records), and of every list in those.
    Objects(Vec<Json<'h>>, Framing),
    /// Its columns, in lower case.
    Columns(&'h [String]),
}

impl<'h> Names<'h> {
    fn of(opening: &'h Opening<'h>) -> Self {
        match opening {
            Opening::Blank => Self::Columns(&[]),
            Opening::Columns(header) => Self::Columns(&header.columns),
            Opening::Events(events, _) => Self::Objects(events.clone(), Framing::EventStream),
            Opening::Objects(objects, _) => {
                let records = listed(objects);
                let parts = listed(&records);
                Self::Objects([objects.clone(), records, parts].concat(), Framing::Json)
            }
        }
    }

    const fn framing(&self) -> Framing {
        match self {
            Self::Objects(_, framing) => *framing,
            Self::Columns(_) => Framing::Csv,
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Objects(objects, _) => objects.iter().any(|object| leads(*object, name)),
            Self::Columns(columns) => {
                columns.iter().any(|column| column.eq_ignore_ascii_case(name))
            }
        }
    }
}

/// The first element of every list in some objects.
fn listed<'h>(objects: &[Json<'h>]) -> Vec<Json<'h>> {
    let mut found = Vec::new();
    for object in objects {
        let _ = object.each_entry(|_, value| {
            found.extend(first_item(value));
            Ok::<(), Fault>(())
        });
    }
    found
}

/// Whether an object has a key, or a path of keys with dots between them; null
/// is there too. A key may hold dots itself.
fn leads(object: Json<'_>, path: &str) -> bool {
    let mut found = false;
    let _ = object.each_entry(|key, value| {
        let rest = path.strip_prefix(key);
        found |= match rest.map(|rest| rest.strip_prefix('.')) {
            Some(Some(rest)) => leads(value, rest),
            Some(None) => rest.is_some_and(str::is_empty),
            None => false,
        };
        Ok::<(), Fault>(())
    });
    found
}

fn keys(object: Json<'_>) -> Vec<String> {
    let mut keys = Vec::new();
    let _ = object.each_entry(|key, _| {
        keys.push(key.to_owned());
        Ok::<(), Fault>(())
    });
    keys
}

/// Whether a word is a field's name and not a piece of some text: an error must
/// not quote what people wrote.
fn is_name(word: &str) -> bool {
    const LONGEST: usize = 40;
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    (1..=LONGEST).contains(&word.len()) && word.chars().all(letters)
}
