//! Positions in the registry, found by name while compiling: reading a value
//! needs no search and cannot fail.

use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::{Parameter, Spread};

/// A parameter that has a value in every band.
#[derive(Clone, Copy, Debug)]
pub struct Handle {
    pub(super) position: Position,
    pub(super) spread: Spread,
}

/// A parameter that only a user gives a value: each model has its own in the
/// price table.
#[derive(Clone, Copy, Debug)]
pub struct TableHandle {
    pub(super) position: Position,
}

/// Where a parameter stands: its technique and its place in that list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) technique: TechniqueId,
    pub(super) place: usize,
}

impl Handle {
    /// The registry's values.
    #[must_use]
    pub const fn spread(self) -> Spread {
        self.spread
    }

    /// The parameter of that name. Only for constants: what is not in the list,
    /// or has no spread, does not compile.
    pub(super) const fn of(list: &[Parameter], name: &str) -> Self {
        let position = Position::of(list, name);
        match list[position.place].spread {
            Some(spread) => Self { position, spread },
            None => panic!("the parameter has no spread"),
        }
    }
}

impl TableHandle {
    /// As [`Handle::of`], of a parameter without a spread.
    pub(super) const fn of(list: &[Parameter], name: &str) -> Self {
        let position = Position::of(list, name);
        assert!(list[position.place].spread.is_none(), "the parameter has a spread");
        Self { position }
    }
}

impl Position {
    const fn of(list: &[Parameter], name: &str) -> Self {
        let mut place = 0;
        while !is_same(list[place].name.as_bytes(), name.as_bytes()) {
            place += 1;
        }
        Self { technique: list[place].technique, place }
    }
}

/// Equality of texts, which constants cannot ask for otherwise.
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}
