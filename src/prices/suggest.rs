//! Names close to one that is not in the table: hints for people, never a
//! price.

use super::table::PriceTable;

/// How many names a hint lists.
const MOST: usize = 3;

impl PriceTable {
    /// Up to three ids that are spelt like a name, nearest first.
    #[must_use]
    pub fn suggestions(&self, model: &str) -> Vec<String> {
        let wanted: Vec<char> = model.trim().to_ascii_lowercase().chars().take(80).collect();
        // A third of the letters wrong is another word.
        let furthest = (wanted.len() / 3).max(1);
        let mut near: Vec<(usize, &str)> = self
            .models()
            .flat_map(|model| std::iter::once(&model.id).chain(&model.aliases))
            .map(|name| (distance(&wanted, name), name.as_str()))
            .filter(|(distance, _)| *distance <= furthest)
            .collect();
        near.sort_unstable();
        near.dedup_by_key(|(_, name)| *name);
        near.into_iter().take(MOST).map(|(_, name)| name.to_owned()).collect()
    }
}

/// Insertions, deletions and replacements between two names.
fn distance(wanted: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (position, letter) in name.to_ascii_lowercase().chars().enumerate() {
        let mut diagonal = position;
        let mut left = position + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, expected) in row.iter_mut().skip(1).zip(wanted) {
            let above = *cell;
            let replaced = diagonal + usize::from(letter != *expected);
            left = replaced.min(above + 1).min(left + 1);
            diagonal = above;
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_edits() {
        let wanted: Vec<char> = "kitten".chars().collect();
        assert_eq!(distance(&wanted, "sitting"), 3);
        assert_eq!(distance(&wanted, "kitten"), 0);
        assert_eq!(distance(&[], "abc"), 3);
    }
}
