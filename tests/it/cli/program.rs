//! The commands around the main one, and the program as a whole.

use super::{printed, refused, run, tokopt};

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(printed(&["completions", shell]).contains("analyze"), "{shell}");
    }
    assert!(refused(&["completions", "cmd.exe"]).contains("possible values"));
}

#[test]
fn every_command_has_a_manual_page() {
    assert!(printed(&["man"]).contains(".TH tokopt 1"));
    assert!(printed(&["man", "analyze"]).contains(".TH tokopt-analyze 1"));
    assert!(printed(&["man", "prices", "list"]).contains(".TH tokopt-prices-list 1"));
    assert!(refused(&["man", "brew"]).contains("there is no command `tokopt brew`"));
}

#[test]
fn help_and_version_are_done_and_a_wrong_command_is_not() {
    assert_eq!(printed(&["--version"]), format!("tokopt {}\n", env!("CARGO_PKG_VERSION")));
    assert!(printed(&["help", "analyze"]).contains("--where"));
    assert!(printed(&["--help"]).contains("Exit codes:"));
    assert!(refused(&["analyse"]).contains("analyze"));
    let ran = run(&mut tokopt(&[]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("Usage: tokopt"), "{}", ran.err);
}
