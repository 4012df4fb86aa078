//! Invariant 8: a log cut into shards by unit costs, byte for byte, what the
//! whole log costs.

use proptest::prelude::*;
use tokopt::ladder::climb::{Settings, climb};
use tokopt::ladder::simulate::{Simulated, simulate_units};
use tokopt::techniques::profile::Profile;
use tokopt::techniques::traffic::{CallIndex, Traffic};

use super::logs::{Rendering, calls, files};
use super::{Bench, planted_prices};

/// The units of a log, dealt to shards; shards in the order of their keys.
fn dealt(units: usize, deal: &[usize], keys: &[u32]) -> Vec<Vec<usize>> {
    let mut shards = vec![Vec::new(); keys.len()];
    for unit in 0..units {
        shards[deal[unit % deal.len()] % keys.len()].push(unit);
    }
    let mut keyed: Vec<(u32, Vec<usize>)> = keys.iter().copied().zip(shards).collect();
    keyed.sort();
    keyed.into_iter().map(|(_, shard)| shard).collect()
}

fn calls_of<'t>(traffic: &'t Traffic<'_>, shard: &'t [usize]) -> impl Iterator<Item = CallIndex> {
    let families = shard.iter().flat_map(|unit| &traffic.units[*unit].families);
    families.flat_map(|family| &traffic.families[family.0 as usize]).copied()
}

/// Both phases, shard by shard, each merged in the order of the shards.
fn in_shards(traffic: &Traffic<'_>, shards: &[Vec<usize>]) -> (Profile, Simulated) {
    let profiles = shards.iter().map(|shard| Profile::of(traffic, calls_of(traffic, shard)));
    let profile = profiles.reduce(|sum, more| sum.merge(&more)).expect("a shard");
    let settings = Settings::default();
    // The second phase may meet the shards in another order.
    let parts = shards.iter().rev();
    let parts = parts.map(|shard| simulate_units(traffic, &profile, &settings, shard));
    let simulated = parts.reduce(Simulated::merge).expect("a shard");
    (profile, simulated)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn shards_merge_to_the_whole(
        calls in calls(32),
        deal in prop::collection::vec(any::<usize>(), 1..12),
        keys in prop::collection::vec(any::<u32>(), 1..6),
        threads in 1..5_usize,
    ) {
        let bench = Bench::of(&planted_prices(), &files(&calls, Rendering::default()));
        bench.at(|traffic| {
            let whole = Profile::of(traffic, traffic.indexed().map(|(index, _)| index));
            let all: Vec<usize> = (0..traffic.units.len()).collect();
            let settings = Settings::default();
            let expected = simulate_units(traffic, &whole, &settings, &all);
            let shards = dealt(traffic.units.len(), &deal, &keys);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let (profile, found) = pool.expect("threads").install(|| in_shards(traffic, &shards));
            prop_assert_eq!(&profile, &whole);
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(found.totals(), climb(traffic, &settings).totals);
            Ok(())
        })?;
    }
}
