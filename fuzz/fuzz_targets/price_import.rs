//! Other projects' price catalogues: what is imported is a sound price file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokopt::prices::{PriceSource, PriceTable, import};

fuzz_target!(|text: &str| {
    if let Ok(imported) = import::import(text) {
        let source = PriceSource { name: "imported.toml", text: &imported.toml };
        let table = PriceTable::with_overrides(&[source]);
        assert!(imported.taken == 0 || table.is_ok(), "{:?}", table.err());
    }
});
