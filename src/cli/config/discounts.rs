//! `[discounts]`: percentages off list prices, written as the discounts of a
//! price file. What a discount does is the price table's business.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::quoted;
use crate::cli::error::CliError;
use crate::techniques::parameter::{Unit, Value};

/// The content of a price file that grants the discounts; `None` where there
/// are none.
///
/// # Errors
/// When one is no percentage.
pub(in crate::cli) fn as_price_file(
    discounts: &BTreeMap<String, String>,
) -> Result<Option<String>, CliError> {
    let mut text = String::new();
    for (of, percentage) in discounts {
        let factor = factor(percentage).ok_or_else(|| CliError::Setting {
            setting: format!("[discounts] {of}"),
            message: format!("`{percentage}` is no discount"),
            hint: Some("write a percentage from 0% to 100%, such as \"15%\"".to_owned()),
        })?;
        let (provider, model) = match of.split_once('/') {
            Some((provider, model)) => (provider, Some(model)),
            None => (of.as_str(), None),
        };
        let model = model.map_or_else(String::new, |model| format!("model = {}\n", quoted(model)));
        let _ = write!(
            text,
            "[[discount]]\nprovider = {}\n{model}factor = \"{factor}\"\n",
            quoted(provider)
        );
    }
    Ok((!text.is_empty()).then_some(text))
}

/// What is paid after a discount, as a part of the list price, exactly.
fn factor(percentage: &str) -> Option<String> {
    let off = Value::parse(percentage.trim().strip_suffix('%')?.trim_end())?;
    let whole = Value::whole(100);
    (Unit::Factor.allows(off) && off <= whole).then(|| {
        // Millionths of a percent are hundred-millionths of the price.
        let paid = whole.millionths() - off.millionths();
        format!("{}.{:08}", paid / whole.millionths(), paid % whole.millionths())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{as_price_file, factor};

    #[test]
    fn a_percentage_is_the_rest_that_is_paid() {
        assert_eq!(factor("15%").as_deref(), Some("0.85000000"));
        assert_eq!(factor("12.5 %").as_deref(), Some("0.87500000"));
        assert_eq!(factor("0%").as_deref(), Some("1.00000000"));
        assert_eq!(factor("100%").as_deref(), Some("0.00000000"));
        for text in ["15", "0.15", "101%", "-5%", "inf%", "%", "much"] {
            assert_eq!(factor(text), None, "{text}");
        }
    }

    #[test]
    fn a_discount_is_of_a_provider_or_of_one_of_its_models() {
        let discounts: BTreeMap<String, String> = [
            ("anthropic".to_owned(), "15%".to_owned()),
            ("openai/gpt-5-mini".to_owned(), "10%".to_owned()),
        ]
        .into();
        let expected = "[[discount]]\nprovider = \"anthropic\"\nfactor = \"0.85000000\"\n\
                        [[discount]]\nprovider = \"openai\"\nmodel = \"gpt-5-mini\"\n\
                        factor = \"0.90000000\"\n";
        assert_eq!(as_price_file(&discounts).expect("a file").as_deref(), Some(expected));
        assert!(as_price_file(&BTreeMap::new()).is_ok_and(|file| file.is_none()));
    }
}
