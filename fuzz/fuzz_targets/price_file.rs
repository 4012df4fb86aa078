//! Price files of a user's own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokopt::prices::{PriceSource, PriceTable};

fuzz_target!(|text: &str| {
    if let Ok(table) = PriceTable::from_sources(&[PriceSource { name: "mine.toml", text }]) {
        for model in table.models() {
            assert!(table.find(Some(model.provider()), model.id()).is_some(), "{}", model.id());
        }
    }
});
