//! Width, colour and safe text for a terminal.

use std::fmt::Write as _;

use super::args::Color;
use super::surroundings::Surroundings;

/// Columns where nothing says how many there are.
const DEFAULT_WIDTH: usize = 80;

/// The columns of standard output: the terminal's, else `COLUMNS`, else 80.
pub(super) fn width(surroundings: &Surroundings) -> usize {
    let known = surroundings.terminal_width.filter(|_| surroundings.stdout_is_terminal);
    known.or(surroundings.columns).filter(|width| *width > 0).unwrap_or(DEFAULT_WIDTH)
}

/// Whether standard output gets colour: the flag, then `NO_COLOR`, then
/// `CLICOLOR_FORCE`, then whether it is a terminal that can show it.
pub(super) fn colors_report(choice: Color, surroundings: &Surroundings) -> bool {
    match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => by_environment(surroundings, surroundings.stdout_is_terminal),
    }
}

/// Whether standard error gets colour, which no flag decides.
pub(super) fn colors_errors(surroundings: &Surroundings) -> bool {
    by_environment(surroundings, surroundings.stderr_is_terminal)
}

fn by_environment(surroundings: &Surroundings, is_terminal: bool) -> bool {
    !surroundings.no_color && (surroundings.force_color || (is_terminal && !surroundings.is_dumb))
}

/// The text with everything that could steer a terminal written out: paths and
/// names in messages come from strangers.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' || !(character.is_control() || turns_text(character)) {
            shown.push(character);
        } else {
            // Writing to a string never fails.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        }
    }
    shown
}

/// Marks that change the direction of text or cannot be seen.
const fn turns_text(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::{colors_errors, colors_report, visible, width};
    use crate::cli::args::Color;
    use crate::cli::surroundings::Surroundings;

    #[test]
    fn the_flag_goes_before_no_color_before_force_before_the_terminal() {
        let terminal = Surroundings { stdout_is_terminal: true, ..Surroundings::default() };
        let no_color = Surroundings { no_color: true, force_color: true, ..terminal.clone() };
        let forced = Surroundings { force_color: true, ..Surroundings::default() };
        let dumb = Surroundings { is_dumb: true, ..terminal.clone() };
        for (choice, surroundings, colored) in [
            (Color::Always, &no_color, true),
            (Color::Never, &forced, false),
            (Color::Auto, &terminal, true),
            (Color::Auto, &no_color, false),
            (Color::Auto, &forced, true),
            (Color::Auto, &dumb, false),
            (Color::Auto, &Surroundings::default(), false),
        ] {
            assert_eq!(colors_report(choice, surroundings), colored, "{choice:?} {surroundings:?}");
        }
        assert!(!colors_errors(&terminal));
        assert!(colors_errors(&Surroundings { stderr_is_terminal: true, ..terminal }));
    }

    #[test]
    fn a_pipe_has_eighty_columns_unless_columns_says_otherwise() {
        let pipe = Surroundings { terminal_width: Some(200), ..Surroundings::default() };
        assert_eq!(width(&pipe), 80);
        assert_eq!(width(&Surroundings { columns: Some(120), ..pipe.clone() }), 120);
        assert_eq!(width(&Surroundings { columns: Some(0), ..pipe.clone() }), 80);
        let terminal = Surroundings { stdout_is_terminal: true, columns: Some(120), ..pipe };
        assert_eq!(width(&terminal), 200);
    }

    #[test]
    fn nothing_in_a_message_steers_the_terminal() {
        assert_eq!(visible("a\x1b[31m\u{202e}b\nc é"), "a\\u{1b}[31m\\u{202e}b\nc é");
    }
}
