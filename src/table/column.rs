//! What a column holds and what stands in its cells.

use std::borrow::Cow;

use crate::units::{Timestamp, Usd};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name, an id or a word.
    Text,
    /// A JSON object, as text.
    Json,
    /// A whole number that is not negative.
    Count,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Truth,
    /// An instant in UTC, to the microsecond.
    Time,
    /// Dollars, to the femto-dollar.
    Money,
}

impl Kind {
    /// How documents name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "JSON text",
            Self::Count => "count",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Truth => "true or false",
            Self::Time => "time",
            Self::Money => "decimal",
        }
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What that means, its unit included.
    pub meaning: &'static str,
}

/// What stands in a row under a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell<'a> {
    /// Nothing: not known, or not applicable. Never zero.
    #[default]
    Missing,
    /// Of [`Kind::Text`] or [`Kind::Json`].
    Text(Cow<'a, str>),
    /// Of [`Kind::Count`].
    Count(u64),
    /// Of [`Kind::Integer`].
    Integer(i64),
    /// Of [`Kind::Number`].
    Number(f32),
    /// Of [`Kind::Truth`].
    Truth(bool),
    /// Of [`Kind::Time`].
    Time(Timestamp),
    /// Of [`Kind::Money`].
    Money(Usd),
}

impl<'a> Cell<'a> {
    /// A text, where there is one.
    #[must_use]
    pub fn text(text: Option<impl Into<Cow<'a, str>>>) -> Self {
        text.map_or(Self::Missing, |text| Self::Text(text.into()))
    }

    /// A count, where it is known.
    #[must_use]
    pub fn count(count: Option<u64>) -> Self {
        count.map_or(Self::Missing, Self::Count)
    }

    /// An amount, where it is known.
    #[must_use]
    pub fn money(amount: Option<Usd>) -> Self {
        amount.map_or(Self::Missing, Self::Money)
    }

    /// An instant, where it is known.
    #[must_use]
    pub fn time(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Missing, Self::Time)
    }

    /// Yes or no, where it is known.
    #[must_use]
    pub fn truth(truth: Option<bool>) -> Self {
        truth.map_or(Self::Missing, Self::Truth)
    }
}

/// Rows under columns, made one by one and in any order.
pub trait Table: Sync {
    /// The columns.
    fn columns(&self) -> &'static [Column];

    /// How many rows there are.
    fn rows(&self) -> usize;

    /// The cells of a row, one per column.
    fn row(&self, row: usize) -> Vec<Cell<'_>>;
}
