//! What a price leaves out or takes for granted.

use std::fmt;

/// One thing to know about a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remark {
    /// Audio tokens of the prompt have no published rate and are not priced.
    AudioInput,
    /// Audio tokens of the answer have no published rate and are not priced.
    AudioOutput,
    /// Image tokens of the answer have no published rate and are not priced.
    ImageOutput,
    /// The answer has no published rate and is not priced.
    Output,
    /// A hosted tool has no published fee and is not priced.
    ToolFee,
    /// The table has no rates at all here; nothing is priced.
    NoRates,
    /// The call lies before the first or after the last known price: the
    /// nearest interval was used.
    OutsideInterval,
    /// The tier has no published price: the standard one was used.
    TierNotListed,
    /// The cache lifetime has no published price: the default one was used.
    LifetimeNotListed,
    /// Reserved capacity: its tokens are not billed one by one.
    NotBilledByToken,
    /// The call has no date: the table's as-of date was used.
    Undated,
}

impl Remark {
    /// Every remark.
    pub const ALL: [Self; 11] = [
        Self::AudioInput,
        Self::AudioOutput,
        Self::ImageOutput,
        Self::Output,
        Self::ToolFee,
        Self::NoRates,
        Self::OutsideInterval,
        Self::TierNotListed,
        Self::LifetimeNotListed,
        Self::NotBilledByToken,
        Self::Undated,
    ];

    /// Whether something is missing from the amounts.
    #[must_use]
    pub const fn is_unpriced(self) -> bool {
        matches!(
            self,
            Self::AudioInput
                | Self::AudioOutput
                | Self::ImageOutput
                | Self::Output
                | Self::ToolFee
                | Self::NoRates
        )
    }

    /// The code used in documents.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AudioInput => "audio_input_unpriced",
            Self::AudioOutput => "audio_output_unpriced",
            Self::ImageOutput => "image_output_unpriced",
            Self::Output => "output_unpriced",
            Self::ToolFee => "tool_fee_unpriced",
            Self::NoRates => "no_rates",
            Self::OutsideInterval => "outside_known_dates",
            Self::TierNotListed => "tier_not_listed",
            Self::LifetimeNotListed => "cache_lifetime_not_listed",
            Self::NotBilledByToken => "not_billed_by_token",
            Self::Undated => "undated",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of remarks.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Remarks(u16);

impl Remarks {
    /// Adds a remark.
    pub const fn note(&mut self, remark: Remark) {
        self.0 |= remark.bit();
    }

    /// Whether a remark was made.
    #[must_use]
    pub const fn has(self, remark: Remark) -> bool {
        self.0 & remark.bit() != 0
    }

    /// Whether nothing was remarked.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether something is missing from the amounts.
    #[must_use]
    pub fn partly_unpriced(self) -> bool {
        self.iter().any(Remark::is_unpriced)
    }

    /// The remarks of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The remarks, in the order of [`Remark::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Remark> {
        Remark::ALL.into_iter().filter(move |remark| self.has(*remark))
    }
}

impl fmt::Debug for Remarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
