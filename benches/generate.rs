//! Writes request logs for measuring: the same bytes for the same arguments.
//!
//! `generate_logs KIND BYTES [SEED]` writes whole lines to standard output
//! until BYTES are reached. KIND is one of
//!
//! - `counts`: count-only lines of exactly 330 bytes, no texts;
//! - `pairs`: OpenAI-style request and response in one line of about 7 KB, with
//!   a shared system prompt and tools, a growing history and fresh turns;
//! - `claude-code`: agent sessions, one line per content block.
//!
//! Token counts agree with the sizes of the texts (4.5 characters a token), so
//! that a reader that measures texts has to do its real work. Nothing here
//! knows the clock or the machine.

use std::fmt::Write as _;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

/// 2026-03-02T08:00:00Z in milliseconds, where every log begins.
const START_MS: u64 = 1_772_438_400_000;

/// Bytes of every `counts` line, its newline included.
const COUNT_LINE_BYTES: usize = 330;

/// Conversations that are under way at once.
const OPEN_CONVERSATIONS: usize = 24;

const WORDS: [&str; 96] = [
    "account",
    "after",
    "again",
    "agreed",
    "answer",
    "approve",
    "arrived",
    "assign",
    "balance",
    "before",
    "between",
    "billing",
    "branch",
    "budget",
    "button",
    "cancel",
    "carrier",
    "change",
    "check",
    "choose",
    "claim",
    "clear",
    "close",
    "column",
    "compare",
    "confirm",
    "contract",
    "country",
    "customer",
    "damaged",
    "date",
    "deliver",
    "depot",
    "describe",
    "discount",
    "document",
    "driver",
    "either",
    "email",
    "entry",
    "error",
    "escalate",
    "evening",
    "exchange",
    "expected",
    "explain",
    "field",
    "file",
    "filter",
    "finish",
    "first",
    "folder",
    "follow",
    "garden",
    "greeting",
    "guest",
    "invoice",
    "label",
    "language",
    "ledger",
    "letter",
    "limit",
    "list",
    "manager",
    "market",
    "message",
    "missing",
    "month",
    "morning",
    "nothing",
    "number",
    "offer",
    "order",
    "package",
    "payment",
    "person",
    "policy",
    "postcode",
    "question",
    "reason",
    "receipt",
    "refund",
    "reply",
    "report",
    "return",
    "review",
    "schedule",
    "server",
    "shipment",
    "signature",
    "supplier",
    "ticket",
    "transfer",
    "update",
    "warehouse",
    "weekend",
];

/// A product feature and the model that it calls.
struct App {
    feature: &'static str,
    model: &'static str,
    snapshot: &'static str,
}

const APPS: [App; 4] = [
    App { feature: "support-chat", model: "gpt-4o-mini", snapshot: "gpt-4o-mini-2024-07-18" },
    App { feature: "order-agent", model: "gpt-4o", snapshot: "gpt-4o-2024-08-06" },
    App { feature: "mail-triage", model: "gpt-4.1-nano", snapshot: "gpt-4.1-nano-2025-04-14" },
    App { feature: "contract-review", model: "gpt-4.1", snapshot: "gpt-4.1-2025-04-14" },
];

/// Marsaglia's xorshift with 64 bits: enough for texts, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % bound.max(1)
    }

    fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low)
    }

    /// About `length` characters of sentences that JSON need not escape.
    fn prose(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 16);
        let mut words_left = self.between(5, 15);
        while text.len() < length {
            text.push_str(WORDS[self.below(WORDS.len())]);
            words_left -= 1;
            if words_left == 0 {
                text.push('.');
                words_left = self.between(5, 15);
            }
            text.push(' ');
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let (middle, version) = ((high >> 16) & 0xffff, high & 0x0fff | 0x4000);
        let (variant, node) = ((low >> 48) & 0x3fff | 0x8000, low & 0xffff_ffff_ffff);
        format!("{:08x}-{middle:04x}-{version:04x}-{variant:04x}-{node:012x}", high >> 32)
    }
}

/// Tokens of a text of this many characters.
const fn tokens(characters: usize) -> usize {
    characters * 2 / 9
}

/// `2026-03-02T08:00:00.000Z`, from milliseconds since 1970.
fn timestamp(milliseconds: u64) -> String {
    let (seconds, fraction) = (milliseconds / 1_000, milliseconds % 1_000);
    let (mut days, second) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!(
        "{year}-{month:02}-{:02}T{hour:02}:{minute:02}:{:02}.{fraction:03}Z",
        days + 1,
        second % 60
    )
}

/// A kind of log: appends the lines of one more call.
trait Log {
    fn write_call(&mut self, random: &mut Random, out: &mut String) -> std::fmt::Result;
}

/// A conversation of which only counts are logged.
struct Counted {
    id: u64,
    user: usize,
    app: usize,
    input: usize,
}

struct Counts {
    now: u64,
    calls: u64,
    open: Vec<Counted>,
}

impl Log for Counts {
    fn write_call(&mut self, random: &mut Random, out: &mut String) -> std::fmt::Result {
        self.now += 40 + random.next() % 360;
        self.calls += 1;
        let slot = random.below(OPEN_CONVERSATIONS);
        if slot >= self.open.len() || random.below(8) == 0 {
            let app = random.below(APPS.len());
            // Squared, so that a few users call often and many seldom.
            let user = random.below(60) * random.below(60);
            let fresh = Counted { id: self.calls, user, app, input: random.between(600, 2_400) };
            if slot < self.open.len() {
                self.open[slot] = fresh;
            } else {
                self.open.push(fresh);
            }
        }
        let slot = slot.min(self.open.len() - 1);
        let call = &mut self.open[slot];
        let cached = if random.below(10) < 7 { call.input / 128 * 128 } else { 0 };
        call.input += random.between(60, 900);
        let output = random.between(20, 700);
        let status = if random.below(100) == 0 { "error" } else { "success" };
        let head = format!("{{\"timestamp\":\"{}\",\"request_id\":\"req_", timestamp(self.now));
        let tail = format!(
            "\",\"model\":\"{}\",\"feature\":\"{}\",\"user\":\"user-{:05}\",\"conversation_id\":\
             \"conv-{:010}\",\"input_tokens\":{},\"cache_read_input_tokens\":{cached},\
             \"output_tokens\":{output},\"latency_ms\":{},\"status\":\"{status}\"}}\n",
            APPS[call.app].snapshot,
            APPS[call.app].feature,
            call.user,
            call.id,
            call.input,
            400 + output * 9,
        );
        let width = COUNT_LINE_BYTES.saturating_sub(head.len() + tail.len());
        write!(out, "{head}{:0width$x}{tail}", self.calls)
    }
}

/// A conversation whose texts are logged with every call.
struct Told {
    session: String,
    user: usize,
    app: usize,
    /// Messages after the system prompt, as JSON, each followed by a comma.
    history: String,
    waits_for_tool: bool,
    sent_tokens: usize,
}

struct Pairs {
    now: u64,
    calls: u64,
    /// System prompt and tools of each app, as JSON.
    heads: Vec<(String, String)>,
    open: Vec<Told>,
}

impl Pairs {
    fn new(random: &mut Random) -> Self {
        let heads = APPS.iter().map(|app| {
            let system = format!(
                "{{\"role\":\"system\",\"content\":\"You work on {}. {}\"}}",
                app.feature,
                random.prose(1_500)
            );
            let tools: Vec<String> = (0..4).map(|_| Self::tool(random)).collect();
            (system, tools.join(","))
        });
        let heads = heads.collect();
        Self { now: START_MS, calls: 0, heads, open: Vec::new() }
    }

    fn tool(random: &mut Random) -> String {
        let name = format!("{}_{}", WORDS[random.below(96)], WORDS[random.below(96)]);
        let (about, key, value) = (random.prose(160), random.below(96), random.prose(60));
        format!(
            "{{\"type\":\"function\",\"function\":{{\"name\":\"{name}\",\"description\":\
             \"{about}\",\"parameters\":{{\"type\":\"object\",\"properties\":{{\"{}\":{{\"type\":\
             \"string\",\"description\":\"{value}\"}}}},\"required\":[\"{}\"]}}}}}}",
            WORDS[key], WORDS[key]
        )
    }

    fn conversation(random: &mut Random) -> Told {
        Told {
            session: random.uuid(),
            user: random.below(900),
            app: random.below(APPS.len()),
            history: String::new(),
            waits_for_tool: false,
            sent_tokens: 0,
        }
    }

    /// What the model says: an answer, or the call of a tool.
    fn answer(random: &mut Random, call: u64, calls_tool: bool) -> String {
        if !calls_tool {
            let length = random.between(200, 900);
            return format!("{{\"role\":\"assistant\",\"content\":\"{}\"}}", random.prose(length));
        }
        let (name, query) = (WORDS[random.below(96)], random.prose(60));
        format!(
            "{{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{{\"id\":\"call_{call:08}\",\
             \"type\":\"function\",\"function\":{{\"name\":\"{name}\",\"arguments\":\
             \"{{\\\"query\\\":\\\"{query}\\\"}}\"}}}}]}}"
        )
    }
}

impl Log for Pairs {
    fn write_call(&mut self, random: &mut Random, out: &mut String) -> std::fmt::Result {
        self.now += 90 + random.next() % 900;
        self.calls += 1;
        if self.open.len() < OPEN_CONVERSATIONS {
            self.open.push(Self::conversation(random));
        }
        let slot = random.below(self.open.len());
        if self.open[slot].history.len() > 5_500 {
            self.open[slot] = Self::conversation(random);
        }
        let talk = &mut self.open[slot];
        let length = random.between(200, 900);
        let fresh = random.prose(length);
        if talk.waits_for_tool {
            let id = talk.history.rfind("\"id\":\"").map_or(0, |at| at + 6);
            let id = talk.history.get(id..id + 13).unwrap_or_default().to_owned();
            write!(
                talk.history,
                "{{\"role\":\"tool\",\"tool_call_id\":\"{id}\",\"content\":\"{fresh}\"}},"
            )?;
        } else {
            write!(talk.history, "{{\"role\":\"user\",\"content\":\"{fresh}\"}},")?;
        }
        let calls_tool = !talk.waits_for_tool && random.below(3) == 0;
        let answer = Self::answer(random, self.calls, calls_tool);
        let (system, tools) = &self.heads[talk.app];
        let prompt = tokens(system.len() + tools.len() + talk.history.len());
        let cached = if talk.sent_tokens >= 1_024 { talk.sent_tokens / 128 * 128 } else { 0 };
        let completion = tokens(answer.len()).saturating_sub(8);
        let app = &APPS[talk.app];
        writeln!(
            out,
            "{{\"timestamp\":\"{}\",\"session_id\":\"{}\",\"request\":{{\"url\":\
             \"https://api.openai.com/v1/chat/completions\",\"body\":{{\"model\":\"{}\",\
             \"messages\":[{system},{}],\"tools\":[{tools}],\"max_completion_tokens\":1024,\
             \"metadata\":{{\"feature\":\"{}\"}},\"user\":\"user-{:04}\"}}}},\"response\":{{\
             \"status\":200,\"body\":{{\"id\":\"chatcmpl-{:016x}\",\"object\":\"chat.completion\",\
             \"created\":{},\"model\":\"{}\",\"choices\":[{{\"index\":0,\"message\":{answer},\
             \"finish_reason\":\"{}\"}}],\"usage\":{{\"prompt_tokens\":{prompt},\
             \"completion_tokens\":{completion},\"total_tokens\":{},\"prompt_tokens_details\":{{\
             \"cached_tokens\":{cached}}},\"completion_tokens_details\":{{\"reasoning_tokens\":0\
             }}}}}}}}}}",
            timestamp(self.now),
            talk.session,
            app.model,
            talk.history.trim_end_matches(','),
            app.feature,
            talk.user,
            self.calls,
            self.now / 1_000,
            app.snapshot,
            if calls_tool { "tool_calls" } else { "stop" },
            prompt + completion,
        )?;
        talk.sent_tokens = prompt;
        talk.waits_for_tool = calls_tool;
        talk.history.push_str(&answer);
        talk.history.push(',');
        Ok(())
    }
}

/// One agent session after the other.
struct ClaudeCode {
    now: u64,
    calls: u64,
    session: String,
    parent: Option<String>,
    /// Prompt tokens of the session's last call; all of them are cached.
    context: usize,
    /// Tokens that came after the last call.
    fresh: usize,
    turns_left: usize,
}

impl ClaudeCode {
    const fn new() -> Self {
        Self {
            now: START_MS,
            calls: 0,
            session: String::new(),
            parent: None,
            context: 0,
            fresh: 0,
            turns_left: 0,
        }
    }

    /// Writes one line of the session; `rest` goes on after the shared fields.
    fn line(&mut self, random: &mut Random, out: &mut String, rest: &str) -> std::fmt::Result {
        self.now += 300 + random.next() % 2_500;
        let parent = self.parent.take().map_or("null".to_owned(), |id| format!("\"{id}\""));
        let uuid = random.uuid();
        writeln!(
            out,
            "{{\"parentUuid\":{parent},\"isSidechain\":false,\"userType\":\"external\",\"cwd\":\
             \"/srv/shop\",\"sessionId\":\"{}\",\"version\":\"2.0.14\",\"gitBranch\":\"main\",\
             {rest},\"uuid\":\"{uuid}\",\"timestamp\":\"{}\"}}",
            self.session,
            timestamp(self.now)
        )?;
        self.parent = Some(uuid);
        Ok(())
    }

    fn user_prompt(&mut self, random: &mut Random, out: &mut String) -> std::fmt::Result {
        let length = random.between(80, 600);
        let text = random.prose(length);
        self.fresh += tokens(text.len());
        let rest =
            format!("\"type\":\"user\",\"message\":{{\"role\":\"user\",\"content\":\"{text}\"}}");
        self.line(random, out, &rest)
    }

    fn tool_result(&mut self, random: &mut Random, out: &mut String) -> std::fmt::Result {
        let length = random.between(200, 3_000);
        let text = random.prose(length);
        self.fresh += tokens(text.len());
        let rest = format!(
            "\"type\":\"user\",\"message\":{{\"role\":\"user\",\"content\":[{{\"tool_use_id\":\
             \"toolu_{:016}\",\"type\":\"tool_result\",\"content\":\"{text}\",\"is_error\":false\
             }}]}},\"toolUseResult\":{{\"stdout\":\"{text}\",\"stderr\":\"\",\"interrupted\":false}}",
            self.calls
        );
        self.line(random, out, &rest)
    }
}

impl Log for ClaudeCode {
    fn write_call(&mut self, random: &mut Random, out: &mut String) -> std::fmt::Result {
        if self.turns_left == 0 {
            self.session = random.uuid();
            self.parent = None;
            self.context = 0;
            self.fresh = 14_000;
            self.turns_left = random.between(8, 60);
            self.user_prompt(random, out)?;
        }
        self.turns_left -= 1;
        self.calls += 1;
        let ends = self.turns_left == 0 || random.below(6) == 0;
        let (says, asks) = (random.between(60, 500), random.between(30, 300));
        let said = format!("{{\"type\":\"text\",\"text\":\"{}\"}}", random.prose(says));
        let asked = format!(
            "{{\"type\":\"tool_use\",\"id\":\"toolu_{:016}\",\"name\":\"Bash\",\"input\":{{\
             \"command\":\"{}\"}}}}",
            self.calls,
            random.prose(asks)
        );
        let blocks = if ends { vec![said] } else { vec![said, asked] };
        let output = tokens(blocks.iter().map(String::len).sum());
        let (read, written) = (self.context, self.fresh);
        let stop = if ends { "end_turn" } else { "tool_use" };
        for block in &blocks {
            let rest = format!(
                "\"type\":\"assistant\",\"requestId\":\"req_{call:024}\",\"message\":{{\"id\":\
                 \"msg_{call:024}\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\
                 \"claude-sonnet-4-5-20250929\",\"content\":[{block}],\"stop_reason\":\"{stop}\",\
                 \"stop_sequence\":null,\"usage\":{{\"input_tokens\":4,\
                 \"cache_creation_input_tokens\":{written},\"cache_read_input_tokens\":{read},\
                 \"cache_creation\":{{\"ephemeral_5m_input_tokens\":{written},\
                 \"ephemeral_1h_input_tokens\":0}},\"output_tokens\":{output},\"service_tier\":\
                 \"standard\"}}}}",
                call = self.calls
            );
            self.line(random, out, &rest)?;
        }
        self.context += written;
        self.fresh = output;
        match (ends, self.turns_left) {
            (_, 0) => Ok(()),
            (true, _) => self.user_prompt(random, out),
            (false, _) => self.tool_result(random, out),
        }
    }
}

/// Writes calls until `bytes` are reached.
fn generate(log: &mut dyn Log, random: &mut Random, bytes: usize) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let mut written = 0;
    let mut lines = String::new();
    while written < bytes {
        lines.clear();
        log.write_call(random, &mut lines).map_err(io::Error::other)?;
        out.write_all(lines.as_bytes())?;
        written += lines.len();
    }
    out.flush()
}

fn run(arguments: &[String]) -> Result<(), String> {
    let usage = "usage: generate_logs counts|pairs|claude-code BYTES [SEED]";
    let [kind, bytes, seed @ ..] = arguments else {
        return Err(usage.to_owned());
    };
    let bytes = bytes.parse().map_err(|error| format!("BYTES: {error}\n{usage}"))?;
    let seed = seed.first().map_or(Ok(1), |seed| seed.parse::<u64>());
    let seed = seed.map_err(|error| format!("SEED: {error}\n{usage}"))?;
    // Spread out, because xorshift needs a state that is not zero.
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut log: Box<dyn Log> = match kind.as_str() {
        "counts" => Box::new(Counts { now: START_MS, calls: 0, open: Vec::new() }),
        "pairs" => Box::new(Pairs::new(&mut random)),
        "claude-code" => Box::new(ClaudeCode::new()),
        _ => return Err(usage.to_owned()),
    };
    match generate(log.as_mut(), &mut random, bytes) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "a program of its own, outside the library")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nothing can be done where standard error is closed as well.
            drop(writeln!(io::stderr(), "{message}"));
            ExitCode::from(2)
        }
    }
}
