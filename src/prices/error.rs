//! What can be wrong with a price file, said so that its author can mend it.

use std::fmt;

/// A price file that cannot be used: where the fault is and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceError {
    /// The file as it was named by whoever read it.
    pub file: String,
    /// The model whose entry is at fault, if it is one entry.
    pub model: Option<String>,
    /// The field at fault, as it is spelled in the file.
    pub field: Option<String>,
    /// What is wrong, a lower-case fragment.
    pub problem: String,
    /// What the author can do about it.
    pub hint: Option<&'static str>,
}

impl PriceError {
    /// A fault of a whole file.
    pub(super) fn in_file(file: &str, problem: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            model: None,
            field: None,
            problem: problem.into(),
            hint: None,
        }
    }

    /// Adds what the author can do.
    pub(super) fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Puts an outer field name before the inner one.
    pub(super) fn under(mut self, outer: &str) -> Self {
        self.field = Some(match self.field.take() {
            Some(inner) => format!("{outer}.{inner}"),
            None => outer.to_owned(),
        });
        self
    }
}

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(model) = &self.model {
            write!(f, ", model {model}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", field {field}")?;
        }
        write!(f, ": {}", self.problem)?;
        match self.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PriceError {}
