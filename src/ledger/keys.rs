//! Keys of calls and buckets: by number while totals are summed up, by name
//! where a table is made.

use std::borrow::Cow;

use crate::record::dimension::Dimension;
use crate::record::symbol::{Strings, Symbol};
use crate::units::{Clock, Moment, Timestamp};

use super::{BucketEntry, Entry, Ledger, Settings};

/// The number of what the log does not say.
pub(super) const NO_KEY: u32 = u32::MAX;

/// Numbers keys: two calls have the same number by a dimension exactly where
/// they have the same name by it.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    days: Times,
    hours: Times,
}

impl Numbers {
    /// The number of an entry's key. The component is not the entry's own.
    pub fn entry(&mut self, ledger: &Ledger<'_>, index: usize, dimension: Dimension) -> u32 {
        let entry = &ledger.entries[index];
        let call = ledger.call(entry);
        match dimension {
            Dimension::Component => NO_KEY,
            Dimension::Feature => number(entry.feature),
            Dimension::Model => number(entry.model),
            Dimension::User => number(call.user),
            Dimension::Account => number(call.account),
            Dimension::Conversation
                if call.conversation.is_none() && ledger.conversations.known =>
            {
                // Behind every number of a name.
                let names = u32::try_from(ledger.log.strings.len()).unwrap_or(NO_KEY);
                names.saturating_add(ledger.conversations.conversation(index))
            }
            Dimension::Conversation => number(call.conversation),
            Dimension::Provider => number(call.provider),
            Dimension::Tier => call.tier as u32,
            Dimension::Day => self.days.number(entry.time, |time| day(time, ledger.settings)),
            Dimension::Hour => self.hours.number(entry.time, |time| hour(time, ledger.settings)),
        }
    }

    /// The number of a bucket's key.
    pub fn bucket(
        &mut self,
        ledger: &Ledger<'_>,
        entry: &BucketEntry,
        dimension: Dimension,
    ) -> u32 {
        let bucket = ledger.bucket(entry);
        match dimension {
            Dimension::Component | Dimension::Conversation => NO_KEY,
            Dimension::Feature => number(entry.feature),
            Dimension::Model => number(entry.model),
            Dimension::User => number(bucket.user),
            Dimension::Account => number(bucket.account),
            Dimension::Provider => number(bucket.provider),
            Dimension::Tier => bucket.tier as u32,
            Dimension::Day => self.days.named(ledger.bucket_key(entry, dimension).as_deref()),
            Dimension::Hour => self.hours.named(ledger.bucket_key(entry, dimension).as_deref()),
        }
    }
}

fn number(symbol: Option<Symbol>) -> u32 {
    symbol.and_then(|symbol| u32::try_from(symbol.index()).ok()).unwrap_or(NO_KEY)
}

/// Numbers days or hours. Calls come in order of time and a zone's offset is in
/// whole minutes, so the calendar is asked once per minute of the log.
#[derive(Debug, Default)]
struct Times {
    minute: Option<(Clock, i64)>,
    number: u32,
    names: Strings,
}

impl Times {
    fn number(&mut self, time: Option<Moment>, name: impl Fn(Moment) -> Option<String>) -> u32 {
        const MINUTE: i64 = 60_000_000;
        let Some(time) = time else { return NO_KEY };
        let minute = Some((time.clock, time.micros.div_euclid(MINUTE)));
        if self.minute != minute {
            self.number = self.named(name(time).as_deref());
            self.minute = minute;
        }
        self.number
    }

    fn named(&mut self, name: Option<&str>) -> u32 {
        number(name.and_then(|name| self.names.intern(name)))
    }
}

fn day(time: Moment, settings: &Settings) -> Option<String> {
    const DAY: i64 = 86_400_000_000;
    match time.clock {
        Clock::Dated => Some(time.timestamp()?.date_in(&settings.time_zone)?.to_string()),
        Clock::Relative => Some(format!("day {}", time.micros.div_euclid(DAY))),
    }
}

fn hour(time: Moment, settings: &Settings) -> Option<String> {
    hour_of(time.timestamp()?, settings)
}

fn hour_of(time: Timestamp, settings: &Settings) -> Option<String> {
    Some(format!("{:02}", time.hour_in(&settings.time_zone)?))
}

impl Ledger<'_> {
    /// The key of an entry; `None` where the log does not say. The component is
    /// not the entry's own.
    pub(super) fn key(&self, index: usize, dimension: Dimension) -> Option<Cow<'_, str>> {
        let entry: &Entry = &self.entries[index];
        let call = self.call(entry);
        let logged = |symbol: Option<Symbol>| self.log.strings.text_of(symbol).map(Cow::Borrowed);
        match dimension {
            Dimension::Component => None,
            Dimension::Feature => self.names.text_of(entry.feature).map(Cow::Borrowed),
            Dimension::Model => self.names.text_of(entry.model).map(Cow::Borrowed),
            Dimension::User => logged(call.user),
            Dimension::Account => logged(call.account),
            Dimension::Conversation => logged(call.conversation).or_else(|| {
                // Deduced conversations have no name of their own.
                let number = self.conversations.conversation(index);
                self.conversations.known.then(|| Cow::Owned(format!("conversation {}", number + 1)))
            }),
            Dimension::Provider => logged(call.provider),
            Dimension::Tier => Some(Cow::Borrowed(call.tier.name())),
            Dimension::Day => day(entry.time?, self.settings).map(Cow::Owned),
            Dimension::Hour => hour(entry.time?, self.settings).map(Cow::Owned),
        }
    }

    /// The key of a bucket; `None` where the export does not say.
    pub(super) fn bucket_key(
        &self,
        entry: &BucketEntry,
        dimension: Dimension,
    ) -> Option<Cow<'_, str>> {
        let bucket = self.bucket(entry);
        let logged = |symbol: Option<Symbol>| self.log.strings.text_of(symbol).map(Cow::Borrowed);
        match dimension {
            Dimension::Component | Dimension::Conversation => None,
            Dimension::Feature => self.names.text_of(entry.feature).map(Cow::Borrowed),
            Dimension::Model => self.names.text_of(entry.model).map(Cow::Borrowed),
            Dimension::User => logged(bucket.user),
            Dimension::Account => logged(bucket.account),
            Dimension::Provider => logged(bucket.provider),
            Dimension::Tier => Some(Cow::Borrowed(bucket.tier.name())),
            Dimension::Day => day(Moment::dated(bucket.start?), self.settings).map(Cow::Owned),
            Dimension::Hour => {
                // A daily bucket has no hour of its own.
                let (start, end) = (bucket.start?, bucket.end?);
                let hour = hour_of(start, self.settings)?;
                (end.micros() - start.micros() <= 3_600_000_000).then_some(Cow::Owned(hour))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NO_KEY, Times, day};
    use crate::ledger::Settings;
    use crate::units::{Moment, Timestamp};

    #[test]
    fn a_day_keeps_its_number_and_ends_to_the_minute() {
        let settings = Settings {
            time_zone: jiff::tz::TimeZone::get("Asia/Kathmandu").unwrap_or(jiff::tz::TimeZone::UTC),
            ..Settings::default()
        };
        // Nepal is 5:45 ahead: its 3 March starts at 18:15 UTC.
        let times = ["18:14:59.999", "18:15:00", "18:15:59"]
            .map(|time| Timestamp::parse(&format!("2026-03-02T{time}Z")).map(Moment::dated));
        let mut days = Times::default();
        let numbers = times.map(|time| days.number(time, |time| day(time, &settings)));
        assert_eq!(numbers, [0, 1, 1]);
        assert_eq!(days.named(Some("2026-03-02")), 0);
        assert_eq!(days.number(None, |_| None), NO_KEY);
    }
}
