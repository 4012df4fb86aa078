//! Rows of different lengths in two vectors instead of one vector each.

/// Rows of items, one behind the other.
#[derive(Clone, Debug)]
pub struct Flat<T> {
    ends: Vec<u32>,
    items: Vec<T>,
}

impl<T> Default for Flat<T> {
    fn default() -> Self {
        Self { ends: Vec::new(), items: Vec::new() }
    }
}

impl<T> Flat<T> {
    /// Adds a row.
    pub(super) fn push(&mut self, row: impl IntoIterator<Item = T>) {
        self.items.extend(row);
        self.ends.push(u32::try_from(self.items.len()).unwrap_or(u32::MAX));
    }

    /// A row; empty for one that does not exist.
    #[must_use]
    pub fn row(&self, row: usize) -> &[T] {
        let start = row.checked_sub(1).map_or(0, |before| self.end(before));
        self.items.get(start..self.end(row)).unwrap_or_default()
    }

    /// Every row, in order.
    pub fn rows(&self) -> impl Iterator<Item = &[T]> {
        (0..self.len()).map(|row| self.row(row))
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Gives back what growing has reserved beyond need.
    pub(super) fn shrink(&mut self) {
        self.ends.shrink_to_fit();
        self.items.shrink_to_fit();
    }

    fn end(&self, row: usize) -> usize {
        self.ends.get(row).map_or(0, |end| *end as usize)
    }
}

impl Flat<u32> {
    /// One row per group below `count`: the positions in `groups` that name it,
    /// in order.
    pub(super) fn by_group(groups: &[u32], count: usize) -> Self {
        let mut ends = vec![0_u32; count];
        for group in groups {
            ends[*group as usize] += 1;
        }
        let mut start = 0;
        for end in &mut ends {
            // Until its items are placed, an end stands at its row's start.
            start += std::mem::replace(end, start);
        }
        let mut items = vec![0; groups.len()];
        for (position, group) in (0..).zip(groups) {
            let end = &mut ends[*group as usize];
            items[*end as usize] = position;
            *end += 1;
        }
        Self { ends, items }
    }
}

#[cfg(test)]
mod tests {
    use super::Flat;

    #[test]
    fn rows_keep_their_lengths() {
        let mut flat = Flat::default();
        flat.push(['a', 'b']);
        flat.push([]);
        flat.push(['c']);
        let rows: Vec<&[char]> = flat.rows().collect();
        assert_eq!(rows, [&['a', 'b'][..], &[], &['c']]);
        assert!(flat.row(3).is_empty());
    }

    #[test]
    fn groups_become_rows_of_positions() {
        let flat = Flat::by_group(&[2, 0, 2, 0, 2], 4);
        let rows: Vec<&[u32]> = flat.rows().collect();
        assert_eq!(rows, [&[1, 3][..], &[], &[0, 2, 4], &[]]);
    }
}
