//! Reads price files one after another and lays each over the ones before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::error::PriceError;
use super::resolve::date;
use super::schema::{
    CalendarEntry, DefaultsEntry, DiscountEntry, ModelEntry, PriceEntry, PriceFile,
};

/// Who sells models.
#[derive(Clone, Debug)]
pub(super) struct Seller {
    /// The OpenTelemetry name.
    pub(super) name: String,
    /// Whether it sells other makers' models.
    pub(super) platform: bool,
    /// Whether `priority` and `fast` are two names of one lane.
    pub(super) priority_is_fast: bool,
}

/// An entry on its way to a model.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) file: String,
    pub(super) seller: usize,
    pub(super) entry: ModelEntry,
}

/// A discount with its provider looked up.
#[derive(Clone, Debug)]
pub(super) struct Discount {
    pub(super) file: String,
    pub(super) seller: Option<usize>,
    pub(super) model: Option<String>,
    pub(super) factor: String,
}

/// Everything read so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Drafts {
    pub(super) sellers: Vec<Seller>,
    pub(super) names: BTreeMap<String, usize>,
    pub(super) entries: Vec<Draft>,
    pub(super) calendars: BTreeMap<String, CalendarEntry>,
    pub(super) discounts: Vec<Discount>,
    pub(super) checked: Option<Date>,
    /// Entry by provider and exact id.
    places: BTreeMap<(usize, String), usize>,
}

impl Draft {
    /// Says in which file and model a fault is.
    pub(super) fn locate(&self, error: PriceError) -> PriceError {
        PriceError { file: self.file.clone(), model: Some(self.entry.id.clone()), ..error }
    }
}

impl Drafts {
    /// Lays a file over what is there.
    pub(super) fn add(&mut self, name: &str, text: &str) -> Result<(), PriceError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file: PriceFile = toml::from_str(text).map_err(|error| {
            PriceError::in_file(name, error.to_string().trim_end().to_owned())
                .with_hint("docs/prices.md lists every field")
        })?;
        let checked = date(file.checked.as_deref(), "checked")
            .map_err(|error| PriceError { file: name.to_owned(), ..error })?;
        self.checked = self.checked.max(checked);
        let own = file.provider.as_deref().map(|provider| self.seller(provider, &file));
        for (calendar, days) in file.calendar {
            self.calendars.insert(calendar, days);
        }
        let mut seen = BTreeSet::new();
        for entry in file.model {
            let seller = match &entry.provider {
                Some(provider) => self.seller(provider, &PriceFile::default()),
                None => own.ok_or_else(|| {
                    PriceError::in_file(name, format!("model {} has no provider", entry.id))
                        .with_hint(
                            "add `provider = \"openai\"` at the top of the file or to the model",
                        )
                })?,
            };
            let entry = with_defaults(entry, &file.defaults, file.checked.as_ref());
            let draft = Draft { file: name.to_owned(), seller, entry };
            if !seen.insert((seller, draft.entry.id.clone())) {
                return Err(draft.locate(PriceError::in_file("", "the model is listed twice")));
            }
            self.lay(draft);
        }
        for discount in file.discount {
            let discount = self.discount(name, discount)?;
            self.discounts.push(discount);
        }
        Ok(())
    }

    fn seller(&mut self, provider: &str, file: &PriceFile) -> usize {
        let key = provider.to_ascii_lowercase();
        let position = *self.names.entry(key.clone()).or_insert(self.sellers.len());
        if position == self.sellers.len() {
            self.sellers.push(Seller {
                name: key,
                platform: file.platform,
                priority_is_fast: file.priority_is_fast,
            });
        }
        for name in &file.names {
            self.names.entry(name.to_ascii_lowercase()).or_insert(position);
        }
        position
    }

    fn lay(&mut self, mut draft: Draft) {
        let key = (draft.seller, draft.entry.id.clone());
        if let Some(below) = self.places.get(&key).and_then(|place| self.entries.get_mut(*place)) {
            draft.entry = draft.entry.or_own(&below.entry);
            *below = draft;
            return;
        }
        // A snapshot that was only an alias until now keeps its model's facts.
        let base = self.entries.iter().find(|base| {
            base.seller == draft.seller && base.entry.aliases.contains(&draft.entry.id)
        });
        if let Some(base) = base {
            let base = ModelEntry { aliases: Vec::new(), accepts_date: None, ..base.entry.clone() };
            draft.entry = draft.entry.or_own(&base);
        }
        self.places.insert(key, self.entries.len());
        self.entries.push(draft);
    }

    fn discount(&self, file: &str, entry: DiscountEntry) -> Result<Discount, PriceError> {
        let fail = |field: &str, problem: String| PriceError {
            field: Some(format!("discount.{field}")),
            ..PriceError::in_file(file, problem)
        };
        let seller = match &entry.provider {
            Some(provider) => {
                Some(*self.names.get(&provider.to_ascii_lowercase()).ok_or_else(|| {
                    fail("provider", format!("no provider is called {provider:?}"))
                })?)
            }
            None => None,
        };
        let known = |id: &String| {
            self.entries
                .iter()
                .any(|draft| draft.entry.id == *id || draft.entry.aliases.contains(id))
        };
        if let Some(id) = entry.model.as_ref().filter(|id| !known(id)) {
            return Err(fail("model", format!("no model is called {id:?}")));
        }
        super::adjust::multiplier(&entry.factor, "factor")
            .map_err(|error| fail("factor", error.problem))?;
        Ok(Discount { file: file.to_owned(), seller, model: entry.model, factor: entry.factor })
    }

    /// Completes entries that share another's facts and prices.
    pub(super) fn resolve_likes(&mut self) -> Result<(), PriceError> {
        for place in 0..self.entries.len() {
            let Some(draft) = self.entries.get(place) else { continue };
            let Some(like) = draft.entry.like.clone() else { continue };
            let base = self.by_path(&like).ok_or_else(|| {
                draft.locate(PriceError {
                    field: Some("like".to_owned()),
                    ..PriceError::in_file("", format!("{like:?} is not in the table"))
                })
            })?;
            if base.like.is_some() {
                return Err(draft.locate(PriceError {
                    field: Some("like".to_owned()),
                    ..PriceError::in_file("", format!("{like:?} is itself like another"))
                }));
            }
            let base = sold_by_another(base.clone(), draft.entry.lanes.as_deref());
            if let Some(draft) = self.entries.get_mut(place) {
                let mut entry = std::mem::take(&mut draft.entry).or(&base);
                entry.like = None;
                draft.entry = entry;
            }
        }
        Ok(())
    }

    fn by_path(&self, path: &str) -> Option<&ModelEntry> {
        let (provider, id) = path.split_once('/')?;
        let seller = *self.names.get(&provider.to_ascii_lowercase())?;
        let place = *self.places.get(&(seller, id.to_owned()))?;
        self.entries.get(place).map(|draft| &draft.entry)
    }
}

/// A maker's entry as another provider sells it: without the lanes, fees and
/// date forms that are the maker's own.
fn sold_by_another(mut base: ModelEntry, lanes: Option<&[String]>) -> ModelEntry {
    base.tool_fees = None;
    base.checked = None;
    base.source = None;
    base.accepts_date = None;
    if let Some(lanes) = lanes {
        let sold = |name: &str| lanes.iter().any(|lane| lane == name);
        for price in &mut base.price {
            drop_lanes(price, &sold);
        }
    }
    base
}

fn drop_lanes(price: &mut PriceEntry, sold: &dyn Fn(&str) -> bool) {
    for (name, lane) in [
        ("batch", &mut price.batch),
        ("flex", &mut price.flex),
        ("priority", &mut price.priority),
        ("fast", &mut price.fast),
        ("ultrafast", &mut price.ultrafast),
    ] {
        if !sold(name) {
            *lane = None;
        }
    }
}

fn with_defaults(
    mut entry: ModelEntry,
    defaults: &DefaultsEntry,
    checked: Option<&String>,
) -> ModelEntry {
    entry.tokenizer = entry.tokenizer.or_else(|| defaults.tokenizer.clone());
    entry.cache = entry.cache.or(&defaults.cache);
    entry.regions = entry.regions.or_else(|| defaults.regions.clone());
    entry.tool_fees = entry.tool_fees.or_else(|| defaults.tool_fees.clone());
    entry.source = entry.source.or_else(|| defaults.source.clone());
    entry.checked = entry.checked.or_else(|| checked.cloned());
    entry
}
