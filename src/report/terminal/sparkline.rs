//! Heights as a line of block characters.

/// Signs by height; the lowest is kept for nothing at all.
const SIGNS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// What is not known.
const UNKNOWN: char = '?';

/// The line, no longer than `width`, and how many heights each of its signs
/// adds up.
pub fn sparkline(heights: &[Option<i128>], width: usize) -> (String, usize) {
    let a_sign = heights.len().div_ceil(width.max(1)).max(1);
    let sums: Vec<Option<i128>> =
        heights.chunks(a_sign).map(|chunk| chunk.iter().copied().sum()).collect();
    let highest = sums.iter().flatten().copied().max().unwrap_or(0);
    let line = sums.into_iter().map(|sum| sum.map_or(UNKNOWN, |sum| sign(sum, highest))).collect();
    (line, a_sign)
}

fn sign(height: i128, highest: i128) -> char {
    const STEPS: i128 = 7;
    if height <= 0 || highest <= 0 {
        return SIGNS[0];
    }
    let step = (height.saturating_mul(STEPS) + highest - 1) / highest;
    usize::try_from(step).ok().and_then(|step| SIGNS.get(step)).copied().unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn nothing_is_told_from_little_and_from_unknown() {
        // Sevenths of 70, rounded up: 1, 1, 4, 7.
        let heights = [Some(0), Some(1), Some(10), Some(31), Some(70), None];
        assert_eq!(sparkline(&heights, 60), ("▁▂▂▅█?".to_owned(), 1));
    }

    #[test]
    fn a_long_line_adds_up_neighbours() {
        // 1 + 2, 3 + 4, 5: sevenths of 7, rounded up: 3, 7, 5.
        let heights = [1, 2, 3, 4, 5].map(Some);
        assert_eq!(sparkline(&heights, 3), ("▄█▆".to_owned(), 2));
        assert_eq!(sparkline(&[], 3), (String::new(), 1));
    }
}
