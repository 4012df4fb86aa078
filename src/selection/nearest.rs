//! The word that somebody meant: hints for people, never a decision.

/// The candidate that is spelt most like `word`; `None` where all are too far
/// away to have been meant. Letter case and `-` for `_` do not count.
#[must_use]
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let wanted: Vec<char> = folded(word).take(64).collect();
    // A third of the letters wrong is another word.
    let furthest = (wanted.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&wanted, candidate), candidate))
        .filter(|(distance, _)| *distance <= furthest)
        .min()
        .map(|(_, candidate)| candidate)
}

fn folded(word: &str) -> impl Iterator<Item = char> {
    word.trim().chars().map(|letter| match letter {
        '-' => '_',
        letter => letter.to_ascii_lowercase(),
    })
}

/// Insertions, deletions, replacements and swaps of neighbours between two
/// words.
fn distance(wanted: &[char], candidate: &str) -> usize {
    let letters: Vec<char> = folded(candidate).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (position, letter) in letters.iter().enumerate() {
        let mut next = vec![position + 1];
        for (column, expected) in wanted.iter().enumerate() {
            let mut least = (row[column] + usize::from(letter != expected))
                .min(row[column + 1] + 1)
                .min(next[column] + 1);
            let swapped = column > 0
                && position > 0
                && wanted[column - 1] == *letter
                && letters[position - 1] == *expected;
            if swapped {
                least = least.min(before[column - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_forgiven_and_another_word_is_not() {
        let words = ["model", "feature", "finish_reason"];
        assert_eq!(nearest("modell", words), Some("model"));
        assert_eq!(nearest("modle", words), Some("model"));
        assert_eq!(nearest("Finish-Reason", words), Some("finish_reason"));
        assert_eq!(nearest("featrues", words), Some("feature"));
        assert_eq!(nearest("colour", words), None);
        assert_eq!(nearest("", words), None);
    }
}
