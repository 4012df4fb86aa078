//! The cells of one row of cost and usage.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::ledger::Ledger;
use crate::record::component::Component;
use crate::table::Cell;
use crate::units::{Timestamp, Usd};

use super::columns::{COLUMNS, Name, VERSION};
use super::key::Key;
use super::{Names, Sums};

/// What stands where the specification wants a name and the log has none.
const UNKNOWN: &str = "unknown";
/// Tokens that a list price is for.
const TOKENS_PRICED: i128 = 1_000_000;
const FEMTO_PER_USD: i128 = 1_000_000_000_000_000;

pub(super) fn cells<'a>(
    ledger: &'a Ledger<'_>,
    names: &'a Names<'_>,
    key: &Key,
    sums: &Sums,
) -> Vec<Cell<'a>> {
    let mut row = Row(vec![Cell::Missing; COLUMNS.len()]);
    let provider = ledger.log.strings.text_of(key.place.provider).unwrap_or(UNKNOWN);
    let model = ledger.names.text_of(key.place.model).unwrap_or(UNKNOWN);
    row.period(key);
    row.constants();
    row.who(ledger, names, key, provider);
    row.sku(ledger, key, provider, model);
    row.amounts(key, sums);
    row.set(Name::x_Model, Cell::text(Some(model)));
    row.set(Name::x_Feature, Cell::text(ledger.names.text_of(key.place.feature)));
    row.0
}

struct Row<'a>(Vec<Cell<'a>>);

impl<'a> Row<'a> {
    fn set(&mut self, name: Name, cell: Cell<'a>) {
        self.0[name as usize] = cell;
    }

    fn word(&mut self, name: Name, word: &'a str) {
        self.set(name, Cell::Text(Cow::Borrowed(word)));
    }

    fn period(&mut self, key: &Key) {
        self.set(Name::ChargePeriodStart, Cell::Time(key.place.start));
        self.set(Name::ChargePeriodEnd, Cell::Time(key.place.end));
        let (start, end) = month(key.place.start);
        self.set(Name::BillingPeriodStart, Cell::time(start));
        self.set(Name::BillingPeriodEnd, Cell::time(end));
    }

    fn constants(&mut self) {
        for (name, word) in [
            (Name::BillingAccountId, UNKNOWN),
            (Name::BillingCurrency, "USD"),
            (Name::ChargeCategory, "Usage"),
            (Name::ChargeFrequency, "Usage-Based"),
            (Name::ServiceCategory, "AI and Machine Learning"),
            (Name::ServiceSubcategory, "Generative AI"),
            (Name::x_FocusVersion, VERSION),
        ] {
            self.word(name, word);
        }
        // Columns that every table has, and that logs do not know.
        self.set(Name::BillingAccountName, Cell::Missing);
        self.set(Name::ChargeClass, Cell::Missing);
    }

    fn who(&mut self, ledger: &'a Ledger<'_>, names: &'a Names<'_>, key: &Key, provider: &'a str) {
        for name in [
            Name::HostProviderName,
            Name::InvoiceIssuerName,
            Name::ProviderName,
            Name::PublisherName,
            Name::ServiceProviderName,
        ] {
            self.word(name, provider);
        }
        self.set(Name::ServiceName, Cell::text(Some(format!("{provider} model API"))));
        let account = names.account(key.place.account);
        self.set(Name::SubAccountId, Cell::text(account));
        self.set(Name::SubAccountName, Cell::text(account));
        self.set(Name::x_User, Cell::text(names.user(key.place.user)));
        self.set(Name::RegionId, Cell::text(ledger.log.strings.text_of(key.place.region)));
        self.set(Name::Tags, Cell::text(names.tags(ledger.log.tags(key.place.tags))));
    }

    fn sku(&mut self, ledger: &Ledger<'_>, key: &Key, provider: &str, model: &str) {
        let sku = format!("{provider}:{model}:{}", key.meter.id());
        self.word(Name::SkuMeter, key.meter.name());
        let described = format!("{} of {model}", key.meter.name());
        self.set(Name::ChargeDescription, Cell::text(Some(described)));
        if key.femto_each.is_some() {
            let mut price = format!("{sku}:{}", key.place.tier.name());
            let mut details = format!("{{\"x_ServiceTier\":\"{}\"", key.place.tier.name());
            if let Some(seconds) = key.lifetime {
                price = format!("{price}:{seconds}s");
                details = format!("{details},\"x_CacheLifetimeSeconds\":{seconds}");
            }
            if let Some(region) = ledger.log.strings.text_of(key.place.region) {
                price.push(':');
                price.push_str(region);
            }
            details.push('}');
            self.set(Name::SkuPriceId, Cell::text(Some(price)));
            self.set(Name::SkuPriceDetails, Cell::text(Some(details)));
        }
        self.set(Name::SkuId, Cell::text(Some(sku)));
        self.word(Name::x_ServiceTier, key.place.tier.name());
        self.set(Name::x_Component, Cell::text(key.component.map(Component::key)));
    }

    fn amounts(&mut self, key: &Key, sums: &Sums) {
        let is_tokens = key.meter.is_tokens();
        self.set(Name::ConsumedQuantity, Cell::Count(sums.quantity));
        self.word(Name::ConsumedUnit, if is_tokens { "Tokens" } else { "Requests" });
        self.set(Name::BilledCost, Cell::Money(Usd::ZERO));
        for name in [Name::ListCost, Name::ContractedCost, Name::EffectiveCost] {
            self.set(name, Cell::money(sums.cost));
        }
        self.word(Name::x_PriceStatus, if key.is_priced { "priced" } else { "unpriced" });
        if key.is_priced {
            self.word(Name::x_CostEvidence, sums.evidence.name());
        }
        let Some(each) = key.femto_each else { return };
        let per_unit = if is_tokens { TOKENS_PRICED } else { 1 };
        let price = Usd::from_femto(each.saturating_mul(per_unit));
        self.set(Name::ListUnitPrice, Cell::Money(price));
        self.set(Name::ContractedUnitPrice, Cell::Money(price));
        // A quantity is no money, but has as many decimals.
        let quantity = i128::from(sums.quantity).saturating_mul(FEMTO_PER_USD / per_unit);
        self.set(Name::PricingQuantity, Cell::Money(Usd::from_femto(quantity)));
        self.word(Name::PricingUnit, if is_tokens { "1000000 Tokens" } else { "Requests" });
        self.word(Name::PricingCategory, "Standard");
    }
}

/// The calendar month of an instant, in UTC.
fn month(at: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    let Some(date) = at.date_in(&TimeZone::UTC) else { return (None, None) };
    let end = date.last_of_month().tomorrow().ok();
    (Timestamp::from_date(date.first_of_month()), end.and_then(Timestamp::from_date))
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, month};

    #[test]
    fn a_month_ends_where_the_next_one_starts() {
        let at = Timestamp::parse("2026-12-31T23:59:59Z").expect("a time");
        let (start, end) = month(at);
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        assert_eq!(text(start).as_deref(), Some("2026-12-01T00:00:00Z"));
        assert_eq!(text(end).as_deref(), Some("2027-01-01T00:00:00Z"));
    }
}
