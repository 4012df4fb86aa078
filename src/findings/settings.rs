//! From where on something is worth a look.

use crate::units::Usd;

/// The thresholds of all finders. The defaults of the loop rules are those of
/// the table in `docs/findings.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A retry follows a failure within so many seconds.
    pub retry_seconds: u64,
    /// A tool called so often with the same arguments and the same result is a
    /// loop.
    pub repeated_tool_calls: usize,
    /// A result that repeats stands for a repeated call, where calls cannot be
    /// told apart, if it has at least so many tokens.
    pub repeated_result_tokens: u64,
    /// A cycle of tool calls is a loop after so many periods.
    pub ping_pong_periods: usize,
    /// So many equal answers in a row are a stall.
    pub stalled_answers: usize,
    /// A session runs away beyond so many steps, and beyond three times the
    /// 95th percentile of its feature.
    pub runaway_steps: usize,
    /// Context grows without bound over at least so many steps, to more than
    /// five times its start.
    pub growing_steps: usize,
    /// Answers of a growing context are small below so many tokens.
    pub small_answer_tokens: u64,
    /// Where no texts were logged, nobody spoke between two calls that follow
    /// each other within so many seconds.
    pub unattended_seconds: u64,
    /// A session is over budget beyond this, and beyond ten times the 95th
    /// percentile of its feature.
    pub session_budget: Usd,
    /// A feature of at most so many distinct answers could be a table of rules.
    pub distinct_answers: usize,
    /// So many calls of such a feature must repeat an earlier input.
    pub repeated_inputs: u64,
    /// Calls that could be one share at least so many tokens outside their
    /// common opening.
    pub shared_tokens: u64,
    /// Calls that could be one come within so many seconds.
    pub combine_seconds: u64,
    /// A cap is judged by at least so many answers of its feature and model.
    pub capped_answers: usize,
    /// A cap is loose above so many times the 99th percentile.
    pub loose_cap_factor: u64,
    /// A cap truncates when more than this percentage of answers end at it.
    pub truncated_percent: u64,
    /// A model retires soon if it does within so many days of the last date.
    pub retiring_days: i64,
    /// What an own machine can do and costs; nobody else can say.
    pub self_hosting: Option<SelfHosting>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            retry_seconds: 120,
            repeated_tool_calls: 3,
            repeated_result_tokens: 50,
            ping_pong_periods: 3,
            stalled_answers: 5,
            runaway_steps: 25,
            growing_steps: 10,
            small_answer_tokens: 100,
            unattended_seconds: 10,
            session_budget: Usd::from_dollars(1),
            distinct_answers: 50,
            repeated_inputs: 5,
            shared_tokens: 500,
            combine_seconds: 60,
            capped_answers: 100,
            loose_cap_factor: 3,
            truncated_percent: 1,
            retiring_days: 180,
            self_hosting: None,
        }
    }
}

/// One machine that serves an open model, as its owner measured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfHosting {
    /// Prompt tokens it reads in a second when it does nothing else.
    pub input_tokens_per_second: u64,
    /// Tokens it generates in a second when it does nothing else.
    pub output_tokens_per_second: u64,
    /// What it costs an hour, whether used or not.
    pub usd_per_hour: Usd,
    /// What running it costs a month besides.
    pub operations_usd_per_month: Usd,
}
