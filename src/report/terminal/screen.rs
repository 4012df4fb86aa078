//! Lines of a screen: wrapped, indented, coloured where that is allowed.
//!
//! Knows no document. Texts arrive cleaned.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::super::escape::{display_width, plain};

const TITLE: Style = Style::new().bold();
const HEADING: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));
const FAINT: Style = Style::new().dimmed();
const WARNING: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
const BAR: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));

/// How a finding is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// It asks for attention.
    Doubtful,
    /// It is wrong.
    Bad,
}

impl Tone {
    const fn style(self) -> Style {
        let color = match self {
            Self::Good => AnsiColor::Green,
            Self::Doubtful => AnsiColor::Yellow,
            Self::Bad => AnsiColor::Red,
        };
        Style::new().bold().fg_color(Some(anstyle::Color::Ansi(color)))
    }
}

/// A screen in the making.
pub struct Screen {
    width: usize,
    color: bool,
    lines: Vec<String>,
}

impl Screen {
    /// An empty screen of `width` columns.
    pub const fn new(width: usize, color: bool) -> Self {
        Self { width, color, lines: Vec::new() }
    }

    /// Columns of the screen.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Adds the line that says it all.
    pub fn title(&mut self, text: &str) {
        self.wrapped(text, 0, TITLE);
    }

    /// Opens a section after an empty line.
    pub fn heading(&mut self, text: &str) {
        self.blank();
        self.wrapped(text, 0, HEADING);
    }

    /// Opens a section, with an empty line before it but for the first.
    pub fn section(&mut self, text: &str) {
        self.part();
        self.wrapped(text, 0, HEADING);
    }

    /// Makes the last line an empty one, but not the first.
    pub fn part(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.blank();
        }
    }

    /// Adds text behind a label that says how it is meant.
    pub fn labelled(&mut self, label: &str, tone: Tone, text: &str) {
        let first = self.lines.len();
        self.wrapped(&format!("{label}: {text}"), 0, Style::new());
        let styled = self.styled(label, tone.style());
        if let Some(line) = self.lines.get_mut(first)
            && let Some(rest) = line.strip_prefix(label)
        {
            *line = format!("{styled}{rest}");
        }
    }

    /// Adds the line that answers, after an empty one.
    pub fn answer(&mut self, text: &str, tone: Tone) {
        self.part();
        self.wrapped(text, 0, tone.style());
    }

    /// Adds a line of a file as it is, its gutter stepping back.
    pub fn code(&mut self, gutter: &str, line: &str) {
        self.lines.push(format!("{}{line}", self.styled(gutter, FAINT)));
    }

    /// Adds marks under a line of a file.
    pub fn marked(&mut self, gutter: &str, marks: &str, tone: Tone) {
        self.lines.push(format!(
            "{}{}",
            self.styled(gutter, FAINT),
            self.styled(marks, tone.style())
        ));
    }

    /// Adds an empty line.
    pub fn blank(&mut self) {
        self.lines.push(String::new());
    }

    /// Adds text, wrapped and indented by `indent` columns.
    pub fn paragraph(&mut self, text: &str, indent: usize) {
        self.wrapped(text, indent, Style::new());
    }

    /// Adds text that steps back behind the rest.
    pub fn faint(&mut self, text: &str, indent: usize) {
        self.wrapped(text, indent, FAINT);
    }

    /// Adds text that asks for attention.
    pub fn warning(&mut self, text: &str, indent: usize) {
        self.wrapped(text, indent, WARNING);
    }

    /// Adds a line of a table as it is, its bars coloured.
    pub fn row(&mut self, line: &str) {
        let line = if self.color { color_bars(line) } else { line.to_owned() };
        self.lines.push(line);
    }

    /// Adds a line of a table that names its columns.
    pub fn column_names(&mut self, line: &str) {
        self.lines.push(self.styled(line, FAINT));
    }

    /// Adds text in a column of its own, `head` before its first line.
    pub fn columns(&mut self, head: &str, width: usize, text: &str, indent: usize) {
        let start = indent + width;
        for (number, line) in wrap(text, self.width.saturating_sub(start)).iter().enumerate() {
            let head = if number == 0 { head } else { "" };
            let line = format!("{:indent$}{head:width$}{}", "", line.trim_start());
            self.lines.push(line.trim_end().to_owned());
        }
    }

    fn wrapped(&mut self, text: &str, indent: usize, style: Style) {
        for line in wrap(text, self.width.saturating_sub(indent)) {
            let line = self.styled(&line, style);
            self.lines.push(format!("{:indent$}{line}", ""));
        }
    }

    fn styled(&self, text: &str, style: Style) -> String {
        if self.color && style != Style::new() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// Writes the screen.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for line in &self.lines {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}

/// Breaks text at spaces; later lines hang by two columns.
fn wrap(text: &str, width: usize) -> Vec<String> {
    const HANGING: &str = "  ";
    let mut lines = vec![String::new()];
    let mut line_holds_a_word = false;
    // A percent sign stays on its number's line: `plain` makes a space of it.
    for word in text.replace(" %", "\u{a0}%").split(' ') {
        let word = plain(word, width.saturating_sub(HANGING.len()));
        let used = lines.last().map_or(0, |line| display_width(line));
        if line_holds_a_word && used + 1 + display_width(&word) > width {
            lines.push(HANGING.to_owned());
            line_holds_a_word = false;
        }
        if let Some(line) = lines.last_mut() {
            if line_holds_a_word {
                line.push(' ');
            }
            line.push_str(&word);
            line_holds_a_word = true;
        }
    }
    lines
}

/// Colours every run of block characters.
fn color_bars(line: &str) -> String {
    let is_block = |character: char| ('\u{2581}'..='\u{258f}').contains(&character);
    let mut colored = String::with_capacity(line.len() + 16);
    let mut inside = false;
    for character in line.chars() {
        if is_block(character) != inside {
            inside = !inside;
            let code =
                if inside { BAR.render().to_string() } else { BAR.render_reset().to_string() };
            colored.push_str(&code);
        }
        colored.push(character);
    }
    if inside {
        colored.push_str(&BAR.render_reset().to_string());
    }
    colored
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_break_at_spaces_and_never_overflow() {
        assert_eq!(wrap("one two three", 9), ["one two", "  three"]);
        assert_eq!(wrap("immeasurable", 9), ["immeas…"]);
        assert_eq!(wrap("", 9), [""]);
        assert_eq!(wrap("at most 5 %", 10), ["at most", "  5 %"]);
    }
}
