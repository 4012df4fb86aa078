//! What a check asks of a log: its slices, its length and its ladder.
//!
//! Knows not where they come from: a log that was just read, or a saved
//! analysis.

use std::cell::RefCell;
use std::rc::Rc;

use super::reading::Missing;
use super::rule::Scope;
use super::settings::Per;
use crate::report::document::{Comparison, Ladder, Slice, Subject, UNKNOWN_KEY};
use crate::selection::{Field, Fields, Filter};

/// One slice, with the name of what it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The feature, model, user or conversation; `None`: not told apart.
    pub key: Option<String>,
    /// Its figures.
    pub slice: Slice,
}

/// A log or a saved analysis, as a check sees it.
pub trait Figures {
    /// What it is in a few figures.
    fn subject(&self) -> &Subject;

    /// Whether it covers a day or more.
    fn covers_a_day(&self) -> bool;

    /// A fingerprint of the prices.
    fn price_table(&self) -> Option<&str>;

    /// What passes the filter, in all or for each key; empty where nothing
    /// passes.
    ///
    /// # Errors
    /// When that cannot be told.
    fn slices(&self, filter: &Filter, per: Option<Per>) -> Result<Vec<Part>, Missing>;

    /// The ladder.
    ///
    /// # Errors
    /// When there is none.
    fn ladder(&self) -> Result<&Ladder, Missing>;
}

/// What was asked once, for whoever asks again.
pub(super) struct Side<'a> {
    pub figures: &'a dyn Figures,
    asked: RefCell<Vec<Asked>>,
}

type Answer = Rc<Result<Vec<Part>, Missing>>;
type Asked = (Filter, Option<Per>, Answer);

impl<'a> Side<'a> {
    pub fn new(figures: &'a dyn Figures) -> Self {
        Self { figures, asked: RefCell::default() }
    }

    pub fn slices(&self, filter: &Filter, per: Option<Per>) -> Answer {
        let is_asked = |asked: &&Asked| asked.0 == *filter && asked.1 == per;
        if let Some((_, _, answer)) = self.asked.borrow().iter().find(is_asked) {
            return Rc::clone(answer);
        }
        let answer = Rc::new(self.figures.slices(filter, per));
        self.asked.borrow_mut().push((filter.clone(), per, Rc::clone(&answer)));
        answer
    }

    /// The part of a scope with that key.
    pub fn part(&self, scope: &Scope, key: Option<&str>) -> Result<Option<Part>, Missing> {
        let answer = self.slices(&scope.filter, scope.per);
        let parts = answer.as_ref().as_ref().map_err(Clone::clone)?;
        Ok(parts.iter().find(|part| part.key.as_deref() == key).cloned())
    }
}

/// The slices that a saved analysis carries.
///
/// # Errors
/// When it carries none that would answer.
pub fn stored(
    comparison: Option<&Comparison>,
    filter: &Filter,
    per: Option<Per>,
) -> Result<Vec<Part>, Missing> {
    let missing =
        |reason: &str| Missing::new(reason, "give the logs instead of the saved analysis");
    let slices = comparison.map_or(&[][..], |comparison| &comparison.slices);
    if slices.is_empty() {
        return Err(Missing::new(
            "the saved analysis carries no slices",
            "save it again: tokopt analyze LOG -o analysis.json",
        ));
    }
    let names = |field: Field| filter.fields().any(|found| *found == field);
    let (by_feature, by_model) = (names(Field::Feature), names(Field::Model));
    if filter.fields().any(|field| !matches!(field, Field::Feature | Field::Model)) {
        return Err(missing("a saved analysis tells only features and models apart"));
    }
    if matches!(per, Some(Per::User | Per::Conversation)) {
        return Err(missing("a saved analysis holds no figures of single users or conversations"));
    }
    let feature = by_feature || per == Some(Per::Feature);
    let model = by_model || per == Some(Per::Model);
    let of_shape = slices
        .iter()
        .filter(|slice| slice.feature.is_some() == feature && slice.model.is_some() == model);
    let parts = of_shape.filter(|slice| filter.keeps(&SliceFields(slice)));
    let mut found: Vec<Part> = Vec::new();
    for slice in parts {
        let key = match per {
            Some(Per::Feature) => slice.feature.clone(),
            Some(Per::Model) => slice.model.clone(),
            _ => None,
        };
        if found.iter().any(|part| part.key == key) {
            return Err(missing("a saved analysis cannot put several features or models together"));
        }
        let slice = Slice { feature: None, model: None, ..slice.clone() };
        found.push(Part { key, slice });
    }
    // The whole of an empty log is no slice that anything passed into.
    found.retain(|part| part.slice.calls != Some(0));
    Ok(found)
}

/// The names of a stored slice.
struct SliceFields<'a>(&'a Slice);

impl Fields for SliceFields<'_> {
    fn value(&self, field: &Field) -> Option<std::borrow::Cow<'_, str>> {
        let name = match field {
            Field::Feature => self.0.feature.as_deref(),
            Field::Model => self.0.model.as_deref(),
            _ => None,
        };
        name.filter(|name| *name != UNKNOWN_KEY).map(std::borrow::Cow::Borrowed)
    }
}
