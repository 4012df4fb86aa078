//! The ladder.

mod replay;
