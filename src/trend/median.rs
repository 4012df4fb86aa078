//! Medians in integers: twice the median is a whole number.

/// Twice the median; 0 of nothing. Reorders `values`.
pub(super) fn twice_median(values: &mut [i128]) -> i128 {
    values.sort_unstable();
    let middle = values.len() / 2;
    match (values.len() % 2, values.get(middle)) {
        (_, None) => 0,
        (1, Some(middle)) => 2 * middle,
        (_, Some(upper)) => values[middle - 1] + upper,
    }
}

#[cfg(test)]
mod tests {
    use super::twice_median;

    #[test]
    fn the_middle_of_an_even_number_is_between_two() {
        assert_eq!(twice_median(&mut [5, 1, 3]), 6);
        assert_eq!(twice_median(&mut [4, 1, 3, 9]), 7);
        assert_eq!(twice_median(&mut []), 0);
    }
}
