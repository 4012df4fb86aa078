//! A page of Markdown in the making: headings, lists, tables.
//!
//! Knows no document. Texts arrive escaped.

use std::io::{self, Write};

/// On which side the cells of a column line up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Figures.
    Right,
}

/// Blocks of a page, an empty line between them.
#[derive(Clone, Debug)]
pub struct Page(Vec<String>);

impl Page {
    /// A page with a title.
    pub fn new(title: &str) -> Self {
        Self(vec![format!("# {title}")])
    }

    /// Opens a section.
    pub fn heading(&mut self, text: &str) {
        self.0.push(format!("## {text}"));
    }

    /// Opens a part of a section.
    pub fn subheading(&mut self, text: &str) {
        self.0.push(format!("### {text}"));
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }

    /// Adds a list; nothing for no items.
    pub fn list(&mut self, items: impl Iterator<Item = String>) {
        let items: Vec<String> = items.map(|item| format!("- {item}")).collect();
        if !items.is_empty() {
            self.0.push(items.join("\n"));
        }
    }

    /// Adds a table; nothing for no rows.
    pub fn table(&mut self, columns: &[(&str, Align)], rows: impl Iterator<Item = Vec<String>>) {
        let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
        let rows: Vec<String> = rows.map(line).collect();
        if rows.is_empty() {
            return;
        }
        let names = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let rule = |align: Align| if align == Align::Left { "---" } else { "---:" };
        let rules = columns.iter().map(|(_, align)| rule(*align).to_owned()).collect();
        self.0.push(format!("{}\n{}\n{}", line(names), line(rules), rows.join("\n")));
    }

    /// Adds a table as a part of a section; nothing for no rows.
    pub fn titled_table(
        &mut self,
        title: &str,
        columns: &[(&str, Align)],
        rows: impl Iterator<Item = Vec<String>>,
    ) {
        let mut rows = rows.peekable();
        if rows.peek().is_some() {
            self.subheading(title);
            self.table(columns, rows);
        }
    }

    /// Writes the page.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.0.join("\n\n"))
    }
}
