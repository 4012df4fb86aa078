//! Grouped totals of integer columns: the only place that knows polars.
//!
//! Without the `polars` feature a plain loop gives the same totals; a test
//! holds the two against each other. Money never passes through here.

/// Sums `columns` by group. `groups` names each row's group, below `count`;
/// the result has one row of sums per group, in order of group.
pub(super) fn grouped_totals(groups: &[u32], count: usize, columns: &[Vec<u64>]) -> Vec<Vec<u64>> {
    #[cfg(feature = "polars")]
    {
        // Sums of counts fit 64 bits; should polars refuse, the loop does not.
        with_polars(groups, count, columns).unwrap_or_else(|_| by_loop(groups, count, columns))
    }
    #[cfg(not(feature = "polars"))]
    {
        by_loop(groups, count, columns)
    }
}

#[cfg_attr(all(feature = "polars", not(test)), expect(dead_code, reason = "the fallback"))]
fn by_loop(groups: &[u32], count: usize, columns: &[Vec<u64>]) -> Vec<Vec<u64>> {
    let mut totals = vec![vec![0_u64; columns.len()]; count];
    for (position, column) in columns.iter().enumerate() {
        for (group, value) in groups.iter().zip(column) {
            if let Some(row) = totals.get_mut(*group as usize) {
                row[position] = row[position].saturating_add(*value);
            }
        }
    }
    totals
}

#[cfg(feature = "polars")]
fn with_polars(
    groups: &[u32],
    count: usize,
    columns: &[Vec<u64>],
) -> polars::prelude::PolarsResult<Vec<Vec<u64>>> {
    use polars::prelude::{Column, DataFrame, NamedFrom as _, Series, SortMultipleOptions};

    const GROUP: &str = "group";
    let names: Vec<String> = (0..columns.len()).map(|position| position.to_string()).collect();
    let mut frame: Vec<Column> = vec![Series::new(GROUP.into(), groups).into()];
    frame.extend(
        names.iter().zip(columns).map(|(name, column)| Series::new(name.into(), column).into()),
    );
    let frame = DataFrame::new(groups.len(), frame)?;
    let grouped = frame.group_by([GROUP])?.select(&names);
    #[expect(deprecated, reason = "the eager sum spares the lazy engine, half of polars' build")]
    let sums = grouped.sum()?.sort([GROUP], SortMultipleOptions::default())?;
    let mut totals = vec![vec![0; columns.len()]; count];
    let keys = sums.column(GROUP)?.u32()?.clone();
    for (position, name) in names.iter().enumerate() {
        let sums = sums.column(&format!("{name}_sum"))?.u64()?.clone();
        for (key, sum) in keys.into_no_null_iter().zip(sums.into_no_null_iter()) {
            if let Some(row) = totals.get_mut(key as usize) {
                row[position] = sum;
            }
        }
    }
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{by_loop, grouped_totals};

    #[test]
    fn totals_are_by_group() {
        let totals = grouped_totals(&[1, 0, 1], 3, &[vec![1, 2, 4], vec![10, 20, 40]]);
        assert_eq!(totals, [[2, 20], [5, 50], [0, 0]]);
    }

    proptest! {
        #[test]
        fn both_ways_of_summing_agree(rows in proptest::collection::vec((0_u32..7, 0_u64..1 << 40), 0..200)) {
            let groups: Vec<u32> = rows.iter().map(|(group, _)| *group).collect();
            let columns = vec![rows.iter().map(|(_, value)| *value).collect::<Vec<_>>()];
            prop_assert_eq!(grouped_totals(&groups, 7, &columns), by_loop(&groups, 7, &columns));
        }
    }
}
