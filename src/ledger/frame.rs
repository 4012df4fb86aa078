//! Grouped totals of integer columns: the only place that knows polars.
//!
//! Without the `polars` feature a plain loop gives the same totals; a test
//! holds the two against each other. Money never passes through here.

/// Adds `columns` up by group. `groups` names each row's group, a position in
/// `totals`.
pub(super) fn add_grouped<const COLUMNS: usize>(
    groups: &[u32],
    columns: &[Vec<u64>; COLUMNS],
    totals: &mut [[u64; COLUMNS]],
) {
    // Sums of counts fit 64 bits; should polars refuse, the loop does not.
    #[cfg(feature = "polars")]
    if let Ok(sums) = with_polars(groups, columns) {
        for (group, sums) in sums {
            add(totals, group, sums);
        }
        return;
    }
    by_loop(groups, columns, totals);
}

fn by_loop<const COLUMNS: usize>(
    groups: &[u32],
    columns: &[Vec<u64>; COLUMNS],
    totals: &mut [[u64; COLUMNS]],
) {
    for (row, group) in groups.iter().enumerate() {
        add(totals, *group, std::array::from_fn(|column| columns[column][row]));
    }
}

fn add<const COLUMNS: usize>(totals: &mut [[u64; COLUMNS]], group: u32, values: [u64; COLUMNS]) {
    if let Some(totals) = totals.get_mut(group as usize) {
        for (total, value) in totals.iter_mut().zip(values) {
            *total = total.saturating_add(value);
        }
    }
}

/// Each group that occurs, with its sums.
#[cfg(feature = "polars")]
fn with_polars<const COLUMNS: usize>(
    groups: &[u32],
    columns: &[Vec<u64>; COLUMNS],
) -> polars::prelude::PolarsResult<Vec<(u32, [u64; COLUMNS])>> {
    use polars::prelude::{Column, DataFrame, NamedFrom as _, Series};

    const GROUP: &str = "group";
    let names: Vec<String> = (0..COLUMNS).map(|position| position.to_string()).collect();
    let mut frame: Vec<Column> = vec![Series::new(GROUP.into(), groups).into()];
    frame.extend(
        names.iter().zip(columns).map(|(name, column)| Series::new(name.into(), column).into()),
    );
    let frame = DataFrame::new(groups.len(), frame)?;
    let grouped = frame.group_by([GROUP])?.select(&names);
    #[expect(deprecated, reason = "the eager sum spares the lazy engine, half of polars' build")]
    let sums = grouped.sum()?;
    let keys = sums.column(GROUP)?.u32()?;
    let mut rows: Vec<(u32, [u64; COLUMNS])> =
        keys.into_no_null_iter().map(|key| (key, [0; COLUMNS])).collect();
    for (position, name) in names.iter().enumerate() {
        let sums = sums.column(&format!("{name}_sum"))?.u64()?;
        for (row, sum) in rows.iter_mut().zip(sums.into_no_null_iter()) {
            row.1[position] = sum;
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{add_grouped, by_loop};

    #[test]
    fn totals_are_by_group() {
        let mut totals = [[0, 0], [100, 0], [0, 0]];
        add_grouped(&[1, 0, 1], &[vec![1, 2, 4], vec![10, 20, 40]], &mut totals);
        assert_eq!(totals, [[2, 20], [105, 50], [0, 0]]);
    }

    proptest! {
        #[test]
        fn both_ways_of_summing_agree(rows in proptest::collection::vec((0_u32..7, 0_u64..1 << 40), 0..200)) {
            let groups: Vec<u32> = rows.iter().map(|(group, _)| *group).collect();
            let columns = [rows.iter().map(|(_, value)| *value).collect::<Vec<_>>()];
            let (mut one, mut other) = ([[0]; 7], [[0]; 7]);
            add_grouped(&groups, &columns, &mut one);
            by_loop(&groups, &columns, &mut other);
            prop_assert_eq!(one, other);
        }
    }
}
