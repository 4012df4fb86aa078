//! A request handed to another model: the same texts in that model's tokens.
//!
//! Knows no price and no technique.

use super::parameter::Value;
use super::technique::Request;
use super::traffic::{ModelIndex, Models, Segment};

/// Gives a request to another model. Its output becomes `verbosity` times as
/// long, on top of what the other tokenizer makes of it.
pub fn hand_over(request: &mut Request, models: &Models<'_>, to: ModelIndex, verbosity: Value) {
    let from = request.model;
    let count = |tokens| models.retokenised(tokens, from, to);
    retokenise(&mut request.prompt, count);
    request.output = times(count(request.output), verbosity);
    request.reasoning = times(count(request.reasoning), verbosity).min(request.output);
    request.model = to;
}

/// Counts the segments of a prompt anew. `count` is asked for sums from the
/// front, so that the whole is as long as `count` says and no rounding adds up.
pub fn retokenise(prompt: &mut [Segment], count: impl Fn(u64) -> u64) {
    let (mut before, mut given) = (0_u64, 0_u64);
    for segment in prompt {
        before += u64::from(segment.tokens);
        let upto = count(before);
        segment.tokens = u32::try_from(upto.saturating_sub(given)).unwrap_or(u32::MAX);
        given = upto.max(given);
    }
}

/// A count times a factor, rounded to the nearest, halves up.
#[must_use]
pub fn times(count: u64, factor: Value) -> u64 {
    const MILLION: u128 = Value::MILLION.unsigned_abs() as u128;
    let factor = u128::try_from(factor.millionths()).unwrap_or(0);
    u64::try_from((u128::from(count) * factor + MILLION / 2) / MILLION).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{retokenise, times};
    use crate::record::component::Component;
    use crate::techniques::parameter::Value;
    use crate::techniques::traffic::Segment;

    #[test]
    fn a_prompt_is_as_long_as_its_sum_says() {
        let segment = |tokens| Segment {
            identity: 0,
            tokens,
            component: Component::UserInput,
            assistant: false,
            ends_block: true,
            stretch: None,
        };
        let mut prompt = [1, 1, 1, 1].map(segment);
        retokenise(&mut prompt, |tokens| (tokens * 150 + 50) / 100);
        // 1.5, 3, 4.5 and 6 rounded halves up: 2, 3, 5, 6. One by one they
        // would be 8 tokens.
        assert_eq!(prompt.map(|segment| segment.tokens), [2, 1, 2, 1]);
    }

    #[test]
    fn factors_round_to_the_nearest() {
        // 130 % of 5 is 6.5; 80 % of 3 is 2.4.
        assert_eq!(times(5, Value::hundredths(130)), 7);
        assert_eq!(times(3, Value::hundredths(80)), 2);
        assert_eq!(times(7, Value::ONE), 7);
    }
}
