//! A plain bill that people keep themselves: a month or a day, a total in US
//! dollars, and whose or what it is for.
//!
//! It counts no tokens, so its rows are charges. A column that it does not know
//! makes it another file: amounts are too easily taken for something else.

use std::borrow::Cow;

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::record::charge::{Charge, Meter};
use crate::record::lane::Tier;
use crate::units::{Timestamp, Usd};

use super::batch::Batch;
use super::format::{Format, Framing, Header, Outcome, Record, Row, Sample};
use super::json::Fault;

const MONTH: &str = "month";
const DATE: &str = "date";
/// Columns of the amount; where there are several, the first counts.
const AMOUNTS: [&str; 7] =
    ["amount", "amount_usd", "billed_usd", "cost", "cost_usd", "total", "total_usd"];
/// Columns that may stand beside them.
const OTHERS: [&str; 8] =
    ["provider", "model", "item", "account", "meter", "tier", "list_usd", "currency"];
/// What a row of sums calls itself where the others have their month.
const SUMS: [&str; 4] = ["total", "totals", "sum", "grand total"];

/// A bill in a table of months or days.
#[derive(Clone, Copy, Debug)]
pub struct InvoiceCsv;

impl Format for InvoiceCsv {
    fn id(&self) -> &'static str {
        "invoice-csv"
    }

    fn convention(&self) -> &'static str {
        "billed US dollars by month or day; no tokens"
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(is_bill)
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let row = record.row.ok_or(Fault::Other("not a CSV row"))?;
        let when = row.get(MONTH).or_else(|| row.get(DATE));
        if when.is_none_or(is_sum) && row.cells().any(|(_, cell)| is_sum(cell)) {
            return Ok(Outcome::Ignored("a sum of the other rows"));
        }
        let when = when.ok_or(Fault::Missing("month"))?;
        let (start, end) = period(when)
            .ok_or(Fault::BadField { field: MONTH, wanted: "YYYY-MM or YYYY-MM-DD" })?;
        if row.get("currency").is_some_and(|currency| !currency.eq_ignore_ascii_case("usd")) {
            return Err(Fault::Other("the amount is not in US dollars"));
        }
        let billed = amount(row, &AMOUNTS)?.ok_or(Fault::Missing("amount"))?;
        let tier = row.get("tier").map(|tier| {
            Tier::parse(tier).ok_or(Fault::BadField { field: "tier", wanted: "a service tier" })
        });
        let meter = row.get("meter").map_or(Ok(Meter::Unstated), |name| {
            meter(name).ok_or(Fault::BadField { field: "meter", wanted: "a kind of charge" })
        });
        let charge = Charge {
            start: Some(start),
            end: Some(end),
            provider: batch.symbol(row.get("provider")),
            model: batch.symbol(row.get("model")),
            item: batch.symbol(row.get("item")),
            account: batch.symbol(row.get("account")),
            meter: meter?,
            tier: tier.transpose()?,
            billed,
            list: amount(row, &["list_usd"])?,
            ..Charge::default()
        };
        batch.push_charge(charge);
        Ok(Outcome::Kept)
    }
}

/// Whether these are the columns of a bill and nothing else.
fn is_bill(header: &Header) -> bool {
    let is_known = |name: &String| {
        let name = name.as_str();
        name == MONTH || name == DATE || AMOUNTS.contains(&name) || OTHERS.contains(&name)
    };
    let has_any = |names: &[&str]| names.iter().any(|name| header.position(name).is_some());
    has_any(&[MONTH, DATE]) && has_any(&AMOUNTS) && header.columns.iter().all(is_known)
}

fn is_sum(cell: &str) -> bool {
    SUMS.iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// A month or a day, as its first instant and the first one after it (UTC).
fn period(text: &str) -> Option<(Timestamp, Timestamp)> {
    let (first, next) = if let Ok(day) = text.parse::<Date>() {
        (day, day.checked_add(1.day()).ok()?)
    } else {
        let first = format!("{text}-01").parse::<Date>().ok()?;
        (first, first.checked_add(1.month()).ok()?)
    };
    Some((Timestamp::from_date(first)?, Timestamp::from_date(next)?))
}

/// The first of the columns that is filled, as dollars: `$1,234.56` too.
fn amount(row: &Row<'_>, columns: &[&'static str]) -> Result<Option<Usd>, Fault> {
    let filled = columns.iter().find_map(|column| Some((*column, row.get(column)?)));
    let Some((field, cell)) = filled else { return Ok(None) };
    let bad = Fault::BadField { field, wanted: "an amount of dollars" };
    let (sign, rest) = match cell.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", cell),
    };
    let Some(digits) = ungrouped(rest.strip_prefix('$').unwrap_or(rest)) else { return Err(bad) };
    Usd::from_decimal(&format!("{sign}{digits}")).map(Some).map_err(|_| bad)
}

/// A number without the commas between its thousands; `None` where they stand
/// elsewhere, as a decimal comma does.
fn ungrouped(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(',') {
        return Some(Cow::Borrowed(text));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let is_grouped = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    let is_plain = is_grouped && !fraction.contains(',');
    is_plain.then(|| Cow::Owned(text.replace(',', "")))
}

fn meter(name: &str) -> Option<Meter> {
    Some(match name.to_ascii_lowercase().as_str() {
        "input" => Meter::Input,
        "cache_read" => Meter::CacheRead,
        "cache_write" => Meter::CacheWrite,
        "output" => Meter::Output,
        "tool" => Meter::Tool,
        "other" => Meter::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::InvoiceCsv;
    use crate::ingest::batch::Batch;
    use crate::ingest::csv_rows::{Splitter, header};
    use crate::ingest::format::{Format as _, Outcome, Record, Row, Sample};
    use crate::ingest::json::Fault;
    use crate::measure::memo::Memo;
    use crate::units::Usd;

    fn read(columns: &str, line: &str, batch: &mut Batch) -> Result<Outcome, Fault> {
        let header = header(columns.as_bytes());
        assert!(InvoiceCsv.detect(&Sample::Csv(&header)), "{columns}");
        let mut splitter = Splitter::new(b',');
        let (text, ends) = splitter.split(line.as_bytes())?;
        let row = Row { header: &header, text, ends };
        let memo = Memo::default();
        let bytes = line.as_bytes();
        InvoiceCsv.read(&Record { bytes, line: 2, row: Some(&row), path: "-", memo: &memo }, batch)
    }

    #[test]
    fn a_month_and_a_day_are_periods() {
        let mut batch = Batch::default();
        assert_eq!(read("Month,Total", "2026-02,\"$1,234.50\"", &mut batch), Ok(Outcome::Kept));
        assert_eq!(read("date,cost", "2026-12-31,-0.25", &mut batch), Ok(Outcome::Kept));
        let found: Vec<(String, String, i128)> = batch
            .charges
            .iter()
            .map(|charge| {
                let time = |at: Option<crate::units::Timestamp>| {
                    at.map_or_else(String::new, |at| at.to_string())
                };
                (time(charge.start), time(charge.end), charge.billed.to_nano().nano())
            })
            .collect();
        let day = |text: &str| format!("{text}T00:00:00Z");
        assert_eq!(
            found,
            [
                (day("2026-02-01"), day("2026-03-01"), 1_234_500_000_000),
                (day("2026-12-31"), day("2027-01-01"), -250_000_000),
            ]
        );
    }

    #[test]
    fn names_and_list_prices_are_kept() {
        let mut batch = Batch::default();
        let columns = "date,provider,model,meter,tier,amount,list_usd";
        let line = "2026-03-01,anthropic,Claude Haiku 4.5,cache_read,batch,4,5";
        assert_eq!(read(columns, line, &mut batch), Ok(Outcome::Kept));
        let charge = &batch.charges[0];
        assert_eq!(batch.strings.text_of(charge.model), Some("Claude Haiku 4.5"));
        assert_eq!(charge.list, Some(Usd::from_dollars(5)));
        assert_eq!(charge.tier, Some(crate::record::lane::Tier::Batch));
    }

    #[test]
    fn sums_are_no_rows_and_other_money_is_refused() {
        let mut batch = Batch::default();
        let columns = "month,provider,currency,amount";
        let mut read = |line| read(columns, line, &mut batch);
        assert_eq!(read("Total,,USD,9"), Ok(Outcome::Ignored("a sum of the other rows")));
        assert_eq!(read(",Total,USD,9"), Ok(Outcome::Ignored("a sum of the other rows")));
        for line in
            ["2026-03,openai,EUR,9", "2026-13,,,9", ",,,9", "2026-03,,,", "2026-03,,,\"9,5\""]
        {
            assert!(read(line).is_err(), "{line}");
        }
        assert_eq!(batch.charges.len(), 0);
    }

    #[test]
    fn a_table_with_other_columns_is_another_table() {
        for columns in
            ["date,amount,input_tokens", "month,model", "model,cost", "date,cost,user_id"]
        {
            assert!(!InvoiceCsv.detect(&Sample::Csv(&header(columns.as_bytes()))), "{columns}");
        }
    }
}
