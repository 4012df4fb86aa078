//! Makes tables of a priced log: the table of calls, and cost and usage as
//! FOCUS names them.
//!
//! Text-free, like the log. Users, accounts and workspaces carry the names that
//! [`Names`] gives them. Knows no file and no argument.

pub mod calls;
pub mod focus;
pub mod names;

pub use calls::Calls;
pub use focus::Focus;
pub use names::Names;
