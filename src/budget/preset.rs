//! Sets of rules that come with the program, written as a settings file is.

/// A set of rules by its name.
#[derive(Debug)]
pub struct Preset {
    /// What `preset` and `--preset` call it.
    pub name: &'static str,
    /// Its measures, as under `[budget]`.
    pub text: &'static str,
}

/// Every preset.
pub const PRESETS: [Preset; 2] = [
    Preset { name: "playbook", text: include_str!("presets/playbook.toml") },
    Preset { name: "dashboard", text: include_str!("presets/dashboard.toml") },
];

/// The preset of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
