//! Measures each distinct piece of content once, from any thread.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

use crate::record::prompt::{Block, BlockId};

const SHARDS: usize = 64;

/// A table of measured blocks, keyed by a hash of their raw bytes.
///
/// Handles depend on which thread came first; nothing may be ordered by them.
#[derive(Debug)]
pub struct Memo {
    shards: Vec<Mutex<Shard>>,
}

#[derive(Debug, Default)]
struct Shard {
    known: FxHashMap<u128, BlockId>,
    blocks: Vec<Block>,
}

impl Default for Memo {
    fn default() -> Self {
        Self { shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect() }
    }
}

impl Memo {
    /// The handle of the block whose raw bytes are `raw`, measured by `measure`
    /// the first time it is seen. `salt` keeps kinds of content apart.
    pub fn block(&self, raw: &[u8], salt: u8, measure: impl FnOnce() -> Block) -> BlockId {
        let key = xxh3_128(raw)
            ^ u128::from(salt).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash choose a shard")]
        let number = (key >> 64) as usize % SHARDS;
        let shard = &self.shards[number];
        if let Some(&known) = lock(shard).known.get(&key) {
            return known;
        }
        // Measured outside the lock: a second thread may do the same work once.
        let measured = measure();
        let mut shard = lock(shard);
        let next = shard.blocks.len();
        let id = BlockId(u32::try_from(next * SHARDS + number).unwrap_or(u32::MAX));
        match shard.known.entry(key) {
            std::collections::hash_map::Entry::Occupied(known) => *known.get(),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(id);
                shard.blocks.push(measured);
                id
            }
        }
    }

    /// Runs `look` on a measured block.
    pub fn with<T>(&self, id: BlockId, look: impl FnOnce(&Block) -> T) -> Option<T> {
        let shard = lock(&self.shards[id.0 as usize % SHARDS]);
        shard.blocks.get(id.0 as usize / SHARDS).map(look)
    }

    /// All measured blocks at the positions of their handles.
    #[must_use]
    pub fn into_blocks(self) -> Vec<Block> {
        let shards: Vec<Vec<Block>> = self
            .shards
            .into_iter()
            .map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner).blocks)
            .collect();
        let rows = shards.iter().map(Vec::len).max().unwrap_or(0);
        let mut columns: Vec<_> = shards.into_iter().map(Vec::into_iter).collect();
        (0..rows * SHARDS)
            .map(|position| columns[position % SHARDS].next().unwrap_or_default())
            .collect()
    }
}

fn lock(shard: &Mutex<Shard>) -> std::sync::MutexGuard<'_, Shard> {
    // A poisoned shard still holds only whole entries.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Memo;
    use crate::record::prompt::Block;

    #[test]
    fn a_block_is_measured_once_and_found_at_its_handle() {
        let memo = Memo::default();
        let block = |tokens| Block { tokens, ..Block::default() };
        let ids: Vec<_> = (0..500_u32)
            .map(|number| memo.block(&number.to_le_bytes(), 0, || block(number)))
            .collect();
        let again = memo.block(&7_u32.to_le_bytes(), 0, || block(0));
        assert_eq!(again, ids[7]);
        let other = memo.block(&7_u32.to_le_bytes(), 1, || block(9));
        assert_ne!(other, again);
        let blocks = memo.into_blocks();
        for (number, id) in (0_u32..).zip(ids) {
            assert_eq!(blocks[id.0 as usize].tokens, number);
        }
    }
}
