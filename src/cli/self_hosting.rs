//! `[self_hosting]`: what a machine of one's own does and costs. No log shows
//! it, so without it nothing is said of self-hosting.

use schemars::JsonSchema;
use serde::Deserialize;

use super::config::Amount;
use super::error::CliError;
use crate::findings::{SelfHosting, Settings};
use crate::units::Usd;

/// `[self_hosting]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SelfHostingSection {
    /// Prompt tokens that one machine reads in a second.
    input_tokens_per_second: Option<u64>,
    /// Tokens that one machine generates in a second.
    output_tokens_per_second: Option<u64>,
    /// What a machine costs an hour, in dollars.
    usd_per_hour: Option<Amount>,
    /// What running it costs a month besides, in dollars.
    operations_usd_per_month: Option<Amount>,
}

/// The settings of findings, as the file has them.
///
/// # Errors
/// When something is said of a machine but not all that is needed, a capacity
/// is zero or an amount is none.
pub(super) fn findings(section: &SelfHostingSection) -> Result<Settings, CliError> {
    let is_told = *section != SelfHostingSection::default();
    let self_hosting = is_told.then(|| machine(section)).transpose()?;
    Ok(Settings { self_hosting, ..Settings::default() })
}

fn machine(section: &SelfHostingSection) -> Result<SelfHosting, CliError> {
    let capacity = |name: &str, value: Option<u64>| {
        let setting = format!("[self_hosting] {name}");
        match value {
            None => Err(missing(&setting)),
            Some(0) => Err(CliError::setting(&setting, "a machine reads and generates something")),
            Some(tokens) => Ok(tokens),
        }
    };
    let per_hour = section.usd_per_hour.as_ref();
    let per_hour = per_hour.ok_or_else(|| missing("[self_hosting] usd_per_hour"))?;
    let operations = section.operations_usd_per_month.as_ref();
    Ok(SelfHosting {
        input_tokens_per_second: capacity(
            "input_tokens_per_second",
            section.input_tokens_per_second,
        )?,
        output_tokens_per_second: capacity(
            "output_tokens_per_second",
            section.output_tokens_per_second,
        )?,
        usd_per_hour: dollars("usd_per_hour", per_hour)?,
        operations_usd_per_month: operations
            .map(|amount| dollars("operations_usd_per_month", amount))
            .transpose()?
            .unwrap_or_default(),
    })
}

fn missing(setting: &str) -> CliError {
    CliError::setting(setting, "it is missing, and nothing can be said of a machine without it")
}

fn dollars(name: &str, amount: &Amount) -> Result<Usd, CliError> {
    let setting = format!("[self_hosting] {name}");
    let text = amount.text();
    match Usd::from_decimal(&text) {
        Ok(found) if found >= Usd::ZERO => Ok(found),
        Ok(_) => Err(CliError::setting(&setting, "a cost is not negative")),
        Err(error) => Err(CliError::setting(&setting, format!("`{text}` is no amount: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{SelfHostingSection, findings};
    use crate::units::Usd;

    fn section(text: &str) -> SelfHostingSection {
        toml::from_str(text).expect("a section")
    }

    #[test]
    fn a_machine_is_what_the_file_says() {
        let text = "input_tokens_per_second = 20000\noutput_tokens_per_second = 2500\n\
                    usd_per_hour = 2.49";
        let found = findings(&section(text)).expect("settings").self_hosting;
        let machine = found.expect("a machine");
        assert_eq!(machine.usd_per_hour, Usd::from_decimal("2.49").expect("an amount"));
        assert_eq!(
            (machine.output_tokens_per_second, machine.operations_usd_per_month),
            (2_500, Usd::ZERO)
        );
        assert!(
            findings(&SelfHostingSection::default())
                .is_ok_and(|settings| settings.self_hosting.is_none())
        );
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let text = "input_tokens_per_second = 0\noutput_tokens_per_second = 1\nusd_per_hour = 1";
        assert!(findings(&section(text)).is_err());
        let text = "input_tokens_per_second = 1\noutput_tokens_per_second = 1\nusd_per_hour = -1";
        assert!(findings(&section(text)).is_err());
        let error = findings(&section("usd_per_hour = 1")).expect_err("half a machine");
        let expected = "[self_hosting] input_tokens_per_second: it is missing, and nothing can be \
                        said of a machine without it";
        assert_eq!(error.to_string(), expected);
    }
}
