//! What an export request says, span by span.

use super::Otlp;
use crate::ingest::batch::{Batch, Packed};
use crate::ingest::format::{Format as _, Outcome, Sample};
use crate::ingest::json::{Fault, Json};
use crate::ingest::read_one::read_one;
use crate::record::call::{Finish, Operation, Status};
use crate::record::component::Component;
use crate::record::lane::Tier;
use crate::units::{Moment, Timestamp, Tokens, Usd};

fn read(line: &str) -> (Batch, Result<Outcome, Fault>) {
    read_one(&Otlp, line)
}

/// A request of one span with these attributes, each a key and a typed value.
fn span(attributes: &[(&str, &str)]) -> String {
    let attributes: Vec<String> = attributes
        .iter()
        .map(|(key, value)| format!(r#"{{"key":"{key}","value":{value}}}"#))
        .collect();
    format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"t","spanId":"s","attributes":[{}]}}]}}]}}]}}"#,
        attributes.join(",")
    )
}

fn text(value: &str) -> String {
    format!(r#"{{"stringValue":{}}}"#, serde_json::to_string(value).expect("a text"))
}

#[test]
fn a_span_of_the_current_conventions_is_read_whole() {
    let messages = r#"[{"role":"user","parts":[{"type":"text","content":"Where is it?"}]}]"#;
    let answers = r#"[{"role":"assistant","parts":[{"type":"text","content":"Here."}],"finish_reason":"length"}]"#;
    let line = span(&[
        ("gen_ai.operation.name", &text("chat")),
        ("gen_ai.provider.name", &text("openai")),
        ("server.address", &text("eu.api.openai.com")),
        ("gen_ai.request.model", &text("gpt-5-mini")),
        ("gen_ai.response.model", &text("gpt-5-mini-2025-08-07")),
        ("gen_ai.response.id", &text("chatcmpl-1")),
        (
            "gen_ai.response.finish_reasons",
            r#"{"arrayValue":{"values":[{"stringValue":"length"}]}}"#,
        ),
        ("gen_ai.response.time_to_first_chunk", r#"{"doubleValue":0.25}"#),
        ("gen_ai.request.max_tokens", r#"{"intValue":"64"}"#),
        ("gen_ai.request.stream", r#"{"boolValue":true}"#),
        ("gen_ai.usage.input_tokens", r#"{"intValue":"2000"}"#),
        ("gen_ai.usage.cache_read.input_tokens", r#"{"intValue":1500}"#),
        ("gen_ai.usage.cache_write.input_tokens", r#"{"intValue":"300"}"#),
        ("gen_ai.usage.output_tokens", r#"{"doubleValue":64}"#),
        ("gen_ai.usage.reasoning.output_tokens", r#"{"intValue":"10"}"#),
        ("openai.response.service_tier", &text("flex")),
        ("gen_ai.conversation.id", &text("c-1")),
        ("user.id", &text("u-1")),
        ("gen_ai.prompt.name", &text("find")),
        ("gen_ai.agent.name", &text("finder")),
        ("gen_ai.system_instructions", &text(r#"[{"type":"text","content":"Be exact."}]"#)),
        ("gen_ai.tool.definitions", &text(r#"[{"type":"function","name":"look"}]"#)),
        ("gen_ai.input.messages", &text(messages)),
        ("gen_ai.output.messages", &text(answers)),
    ]);
    let (batch, outcome) = read(&line);
    assert_eq!(outcome, Ok(Outcome::AccountedFor));
    let Packed { call, prompt, identity, .. } = &batch.calls[0];
    let name = |symbol| batch.strings.text_of(symbol);
    assert_eq!((name(call.provider), name(call.region)), (Some("openai"), Some("eu")));
    assert_eq!(name(call.model), Some("gpt-5-mini-2025-08-07"));
    assert_eq!(name(call.requested_model), Some("gpt-5-mini"));
    assert_eq!((name(call.conversation), name(call.user)), (Some("c-1"), Some("u-1")));
    assert_eq!((name(call.feature), name(call.request_id)), (Some("find"), Some("chatcmpl-1")));
    assert!(identity.response().is_some());
    assert_eq!((call.tier, call.finish), (Tier::Flex, Finish::Length));
    assert_eq!(call.first_token_milliseconds.get(), Some(250));
    assert_eq!((call.request.max_tokens.get(), call.request.stream), (Some(64), Some(true)));
    let usage = call.usage.get();
    // 2,000 = 200 uncached + 1,500 read + 300 written.
    assert_eq!(usage.uncached_input(), Some(Tokens::new(200)));
    assert_eq!((usage.output, usage.reasoning), (Some(Tokens::new(64)), Some(Tokens::new(10))));
    let prompt = prompt.as_ref().expect("texts were logged");
    let parts: Vec<_> = prompt.parts.iter().map(|part| part.component).collect();
    assert_eq!(parts, [Component::ToolDefinitions, Component::SystemPrompt, Component::UserInput]);
    assert!(prompt.answer.is_some());
    assert!(batch.notes.is_empty());
}

#[test]
fn four_generations_of_names_are_the_same_counts() {
    for [system, model, input, output, cached] in [
        [
            "gen_ai.provider.name",
            "gen_ai.response.model",
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.cache_read.input_tokens",
        ],
        [
            "gen_ai.system",
            "gen_ai.request.model",
            "gen_ai.usage.prompt_tokens",
            "gen_ai.usage.completion_tokens",
            "gen_ai.usage.cache_read_input_tokens",
        ],
        [
            "llm.provider",
            "llm.model_name",
            "llm.token_count.prompt",
            "llm.token_count.completion",
            "llm.token_count.prompt_details.cache_read",
        ],
        [
            "gen_ai.system",
            "llm.request.model",
            "llm.usage.prompt_tokens",
            "llm.usage.completion_tokens",
            "llm.usage.cache_read_input_tokens",
        ],
    ] {
        let (batch, outcome) = read(&span(&[
            (system, &text("OpenAI")),
            (model, &text("gpt-4o")),
            (input, r#"{"intValue":"100"}"#),
            (output, r#"{"intValue":"7"}"#),
            (cached, r#"{"intValue":"60"}"#),
        ]));
        assert_eq!(outcome, Ok(Outcome::AccountedFor), "{input}");
        let call = &batch.calls[0].call;
        let usage = call.usage.get();
        assert_eq!(usage.uncached_input(), Some(Tokens::new(40)), "{input}");
        assert_eq!(usage.output, Some(Tokens::new(7)), "{input}");
        assert_eq!(batch.strings.text_of(call.provider), Some("openai"), "{input}");
        assert_eq!(batch.strings.text_of(call.model), Some("gpt-4o"), "{input}");
    }
}

#[test]
fn a_prompt_without_its_cached_part_is_proved_or_noted() {
    let anthropic = |scope: &str, input: &str, total: Option<&str>| {
        let count = |value: &str| format!(r#"{{"intValue":"{value}"}}"#);
        let mut attributes = vec![
            ("gen_ai.operation.name", text("chat")),
            ("gen_ai.system", text("anthropic")),
            ("gen_ai.request.model", text("claude-haiku-4-5")),
            ("gen_ai.usage.input_tokens", count(input)),
            ("gen_ai.usage.output_tokens", count("10")),
            ("gen_ai.usage.cache_read.input_tokens", count("500")),
        ];
        attributes.extend(total.map(|total| ("gen_ai.usage.total_tokens", count(total))));
        let attributes: Vec<_> =
            attributes.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let scope = format!(r#""scope":{{"name":"{scope}"}},"spans""#);
        let (batch, _) = read(&span(&attributes).replace(r#""spans""#, &scope));
        let codes: Vec<_> = batch.notes.iter().map(|note| note.code).collect();
        (batch.calls[0].call.usage.get().input.unwrap_or_default().get(), codes)
    };
    assert_eq!(anthropic("app", "40", None), (540, vec!["EXCLUSIVE_PROMPT"]));
    // 900 + 500 + 10: only then is the total 1,410.
    assert_eq!(anthropic("app", "900", Some("1410")), (1_400, vec!["EXCLUSIVE_PROMPT"]));
    assert_eq!(anthropic("app", "900", None), (900, vec!["PROMPT_CONVENTION_ASSUMED"]));
    assert_eq!(anthropic("opentelemetry.instrumentation.anthropic", "900", None), (900, vec![]));
}

#[test]
fn indexed_messages_and_events_are_the_same_prompt() {
    let indexed = span(&[
        ("llm.request.type", &text("chat")),
        ("gen_ai.request.model", &text("m")),
        ("gen_ai.prompt.0.role", &text("system")),
        ("gen_ai.prompt.0.content", &text("Be exact.")),
        ("gen_ai.prompt.1.role", &text("user")),
        ("gen_ai.prompt.1.content", &text("Where?")),
        ("gen_ai.completion.0.content", &text("Here.")),
        ("gen_ai.completion.0.finish_reason", &text("stop")),
        ("traceloop.association.properties.session_id", &text("c-2")),
        ("traceloop.association.properties.plan", &text("free")),
    ]);
    let events = span(&[("llm.request.type", &text("chat")), ("gen_ai.request.model", &text("m"))])
        .replace(
            r#""attributes""#,
            r#""events":[
                {"name":"gen_ai.system.message","attributes":[{"key":"content","value":{"stringValue":"Be exact."}}]},
                {"name":"gen_ai.user.message","attributes":[{"key":"content","value":{"stringValue":"Where?"}}]},
                {"name":"gen_ai.choice","attributes":[{"key":"content","value":{"stringValue":"Here."}}]}],"attributes""#,
        );
    let hashes = [&indexed, &events].map(|line| {
        let (batch, outcome) = read(line);
        assert_eq!(outcome, Ok(Outcome::AccountedFor));
        let prompt = batch.calls[0].prompt.as_ref().expect("a prompt");
        (prompt.request_hash, prompt.answer.map(|answer| answer.hash))
    });
    assert_eq!(hashes[0], hashes[1]);
    let (batch, _) = read(&indexed);
    let call = &batch.calls[0].call;
    assert_eq!(batch.strings.text_of(call.conversation), Some("c-2"));
    assert_eq!(call.finish, Finish::Stop);
    assert_eq!(batch.tag_sets.len(), 1);
}

#[test]
fn only_calls_of_models_are_calls() {
    let nature = |attributes: &[(&str, &str)]| {
        let (batch, outcome) = read(&span(attributes));
        assert!(outcome.is_ok());
        batch.calls.first().map(|packed| packed.call.operation)
    };
    let counted = ("gen_ai.usage.input_tokens", r#"{"intValue":"5"}"#);
    let model = text("gpt-4o");
    let model = ("gen_ai.request.model", model.as_str());
    for operation in ["invoke_agent", "execute_tool", "create_agent", "retrieval"] {
        assert_eq!(nature(&[("gen_ai.operation.name", &text(operation)), model, counted]), None);
    }
    for kind in ["CHAIN", "AGENT", "TOOL", "RETRIEVER"] {
        assert_eq!(nature(&[("openinference.span.kind", &text(kind)), model, counted]), None);
    }
    assert_eq!(nature(&[("traceloop.span.kind", &text("task")), model, counted]), None);
    assert_eq!(nature(&[("gen_ai.agent.name", &text("a")), model, counted]), None);
    assert_eq!(nature(&[model]), None);
    assert_eq!(nature(&[("http.method", &text("GET"))]), None);
    assert_eq!(nature(&[model, counted]), Some(Operation::Chat));
    let embeds = ("gen_ai.operation.name", &*text("embeddings"));
    assert_eq!(nature(&[embeds, model, counted]), Some(Operation::Embeddings));
    assert_eq!(nature(&[embeds, model]), None);
}

#[test]
fn errors_and_broken_parts() {
    let failed = span(&[
        ("gen_ai.operation.name", &text("chat")),
        ("gen_ai.request.model", &text("m")),
        ("error.type", &text("timeout")),
        ("gen_ai.usage.input_tokens", r#"{"intValue":"0"}"#),
    ]);
    let (batch, _) = read(&failed);
    let call = &batch.calls[0].call;
    assert_eq!(call.status, Status::Error);
    assert!(!call.usage.get().is_reported());
    // One broken span of three spoils no other.
    let three = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[
        {"spanId":"a","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"many"}}]},
        {"spanId":"b","name":"other"},
        {"spanId":"c","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"4"}}]}]}]}]}"#;
    let (batch, outcome) = read(three);
    assert_eq!(outcome, Ok(Outcome::AccountedFor));
    assert_eq!((batch.account.lines, batch.account.rejected, batch.calls.len()), (3, 1, 1));
    assert_eq!(batch.account.rejections[0].line, 2);
    assert_eq!(batch.calls[0].call.source.line, 4);
    for end in (1..three.len()).filter(|end| three.is_char_boundary(*end)) {
        assert!(read(&three[..end]).1.is_err(), "{end}");
    }
    let deep = format!("{}1{}", r#"{"arrayValue":{"values":["#.repeat(3_000), "]}}".repeat(3_000));
    assert!(read(&span(&[("llm.tools", &deep)])).1.is_ok());
}

#[test]
fn detection_looks_for_lists_of_resources() {
    let detects = |text: &str| Otlp.detect(&Sample::Json(&[Json::of_text(text)]));
    assert!(detects(&span(&[])));
    assert!(detects(r#"{"resourceLogs":[{}]}"#) && detects(r#"{"resourceMetrics":[{}]}"#));
    assert!(!detects(r#"{"resourceSpans":[]}"#), "an empty export");
    assert!(!detects(r#"{"spans":[]}"#) && !detects(r#"{"resourceSpans":{}}"#));
}

#[test]
fn an_event_of_claude_code_is_a_call() {
    let event = |body: &str, attributes: &[(&str, &str)]| {
        let attributes: Vec<String> = attributes
            .iter()
            .map(|(key, value)| format!(r#"{{"key":"{key}","value":{}}}"#, text(value)))
            .collect();
        format!(
            r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"timeUnixNano":"1773300005000000000",
                "body":{},"attributes":[{}]}}]}}]}}]}}"#,
            text(body),
            attributes.join(",")
        )
    };
    let line = event(
        "claude_code.api_request",
        &[
            ("event.name", "api_request"),
            ("session.id", "s-1"),
            ("event.sequence", "4"),
            ("model", "claude-sonnet-5"),
            ("input_tokens", "12"),
            ("cache_read_tokens", "3000"),
            ("cache_creation_tokens", "500"),
            ("output_tokens", "90"),
            ("duration_ms", "4000"),
            ("cost_usd", "0.0042"),
            ("speed", "fast"),
        ],
    );
    let (batch, outcome) = read(&line);
    assert_eq!(outcome, Ok(Outcome::AccountedFor));
    let Packed { call, identity, .. } = &batch.calls[0];
    // 12 + 3,000 read + 500 written; it began 4 s before it was told.
    let usage = call.usage.get();
    assert_eq!((usage.input, usage.output), (Some(Tokens::new(3_512)), Some(Tokens::new(90))));
    assert_eq!(
        (usage.cache_read, usage.cache_written()),
        (Some(Tokens::new(3_000)), Tokens::new(500))
    );
    let start = Timestamp::from_micros(1_773_300_001_000_000);
    assert_eq!(call.time.get(), Some(Moment::dated(start)));
    assert_eq!(call.logged_cost.get(), Usd::from_decimal("0.0042").ok());
    let name = |symbol| batch.strings.text_of(symbol);
    assert_eq!((name(call.provider), name(call.conversation)), (Some("anthropic"), Some("s-1")));
    assert_eq!((call.tier, call.latency_milliseconds.get()), (Tier::Fast, Some(4_000)));
    // Known by its place in the session, where no request is named.
    assert!(identity.key().is_some() && identity.response().is_none());

    let failed = event("claude_code.api_error", &[("model", "claude-sonnet-5"), ("error", "529")]);
    let (batch, _) = read(&failed);
    let call = &batch.calls[0].call;
    assert_eq!((call.status, call.usage.get().is_reported()), (Status::Error, false));
    let asked = event("claude_code.user_prompt", &[("prompt_length", "9")]);
    assert!(read(&asked).0.calls.is_empty());
    assert!(read(&event("gemini_cli.api_request", &[])).0.calls.is_empty());
}
