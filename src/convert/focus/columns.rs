//! The columns: those of FOCUS in the order of the alphabet, then our own.

use crate::table::column::{Column, Kind};

/// The version of the specification whose columns these are.
pub const VERSION: &str = "1.3";

macro_rules! columns {
    ($($name:ident, $kind:ident, $meaning:literal;)*) => {
        /// A column of cost and usage.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(
            non_camel_case_types,
            clippy::enum_variant_names,
            reason = "the specification's names; columns of our own begin with x_"
        )]
        #[repr(usize)]
        pub(super) enum Name {
            $($name,)*
        }

        /// The columns, those of the specification first.
        pub const COLUMNS: &[Column] = &[
            $(Column { name: stringify!($name), kind: Kind::$kind, meaning: $meaning },)*
        ];
    };
}

columns! {
    BilledCost, Money, "0: tokopt issues no invoice, and the specification lets nobody else bill";
    BillingAccountId, Text, "`unknown`: logs do not name the account that is invoiced";
    BillingAccountName, Text, "Empty";
    BillingCurrency, Text, "USD";
    BillingPeriodEnd, Time, "End of the calendar month in UTC";
    BillingPeriodStart, Time, "Start of the calendar month in UTC";
    ChargeCategory, Text, "Usage";
    ChargeClass, Text, "Empty: no correction";
    ChargeDescription, Text, "Meter and model";
    ChargeFrequency, Text, "Usage-Based";
    ChargePeriodEnd, Time, "End of the hour, or of a bucket's period";
    ChargePeriodStart, Time, "Start of the hour, or of a bucket's period";
    ConsumedQuantity, Count, "Tokens (or tool requests)";
    ConsumedUnit, Text, "`Tokens` or `Requests`";
    ContractedCost, Money, "As ListCost: no negotiated terms are known";
    ContractedUnitPrice, Money, "As ListUnitPrice";
    EffectiveCost, Money, "As ListCost: an estimate at list prices, before any commitment or credit";
    HostProviderName, Text, "As ServiceProviderName";
    InvoiceIssuerName, Text, "As ServiceProviderName";
    ListCost, Money, "Tokens at list prices; empty where the price table has no price";
    ListUnitPrice, Money, "Dollars per PricingUnit; empty where prices are mixed or unknown";
    PricingCategory, Text, "Standard";
    PricingQuantity, Money, "ConsumedQuantity in PricingUnit";
    PricingUnit, Text, "`1000000 Tokens` or `Requests`";
    ProviderName, Text, "As ServiceProviderName; for readers of versions before 1.3";
    PublisherName, Text, "As ServiceProviderName; for readers of versions before 1.3";
    RegionId, Text, "Region, where logged";
    ServiceCategory, Text, "AI and Machine Learning";
    ServiceName, Text, "The provider's model API";
    ServiceProviderName, Text, "Who billed the call, by its OpenTelemetry name, or `unknown`";
    ServiceSubcategory, Text, "Generative AI";
    SkuId, Text, "provider:model:kind of token";
    SkuMeter, Text, "`Input Tokens`, `Cache Read Input Tokens`, `Cache Write Input Tokens`, `Output Tokens` or `Tool Requests`";
    SkuPriceDetails, Json, "Service tier and lifetime of cache writes";
    SkuPriceId, Text, "SkuId with tier, lifetime and region; empty where there is no single price";
    SubAccountId, Text, "Account, project, team or API key, a pseudonym unless --show-users";
    SubAccountName, Text, "As SubAccountId";
    Tags, Json, "Tags of the calls";
    x_Component, Text, "Part of the prompt or the answer";
    x_CostEvidence, Text, "How the cost is known: `measured`, `inferred` or `assumed`";
    x_Feature, Text, "What the calls were for";
    x_FocusVersion, Text, "1.3";
    x_Model, Text, "The model";
    x_PriceStatus, Text, "`priced` or `unpriced`: an unpriced row has no cost, not a cost of zero";
    x_ServiceTier, Text, "The lane that was billed";
    x_User, Text, "End user, a pseudonym unless --show-users";
}

#[cfg(test)]
mod tests {
    use super::COLUMNS;

    #[test]
    fn columns_of_the_specification_come_first_and_in_order() {
        let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        let own = names.iter().position(|name| name.starts_with("x_"));
        let (theirs, ours) = names.split_at(own.expect("columns of our own"));
        assert!(theirs.is_sorted() && ours.is_sorted());
        assert!(ours.iter().all(|name| name.starts_with("x_")));
    }
}
