//! Keeps the layout honest: layers, walls, families, documentation paths.
//!
//! A crate alone stops no module from importing any other, so this test does.
//! It reads the sources as text with nothing but the standard library and
//! passes over what does not exist yet. `CONTRIBUTING.md` says what to do when
//! it fails.

#[path = "architecture/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use source::{NamedPath, Source};

/// Who may import whom: each module with everything its files may name.
/// `cli` and the crate roots are handled apart.
const LAYERS: [(&str, &[&str]); 18] = [
    ("units", &[]),
    ("record", &["units"]),
    ("prices", &["units", "record"]),
    ("measure", &["units", "record"]),
    ("table", &["units", "record"]),
    ("ingest", &["units", "record", "measure", "table"]),
    ("selection", &["units", "record"]),
    ("ledger", &["units", "record", "prices", "selection"]),
    ("convert", &["ledger", "prices", "table", "record", "units"]),
    ("reconcile", &["ledger", "prices", "record", "units"]),
    ("findings", &["ledger", "prices", "record", "units"]),
    ("arms", &["ledger", "prices", "record", "selection", "units"]),
    ("techniques", &["ledger", "prices", "record", "units"]),
    ("ladder", &["techniques", "ledger", "prices", "record", "units"]),
    ("estimate", &["ladder", "techniques", "prices", "record", "units"]),
    (
        "report",
        &[
            "ladder",
            "techniques",
            "findings",
            "arms",
            "reconcile",
            "ledger",
            "prices",
            "record",
            "units",
            "selection",
        ],
    ),
    ("difference", &["report", "record", "units"]),
    ("budget", &["difference", "report", "selection", "record", "units"]),
];

/// Inside `report`, renderers see the document alone, the document shares the
/// record's vocabulary, and only the assembly sees what fills it.
const REPORT_ASSEMBLY: &str = "src/report/assemble";
const REPORT_DOCUMENT: &str = "src/report/document";
const SEEN_BY_DOCUMENT: [&str; 3] = ["report", "units", "record"];
const SEEN_BY_RENDERERS: [&str; 2] = ["report", "units"];

/// A path that only some files may name.
struct Wall {
    name: &'static str,
    homes: &'static [&'static str],
}

/// The first wall that a path is behind counts.
const WALLS: [Wall; 18] = [
    Wall { name: "clap", homes: &["src/cli"] },
    Wall { name: "clap_complete", homes: &["src/cli"] },
    Wall { name: "clap_mangen", homes: &["src/cli"] },
    Wall { name: "indicatif", homes: &["src/cli"] },
    Wall { name: "std::env::args_os", homes: &["src/main.rs"] },
    Wall { name: "std::env", homes: &["src/cli"] },
    Wall { name: "std::io::stdout", homes: &["src/cli"] },
    Wall { name: "std::io::stderr", homes: &["src/cli"] },
    Wall { name: "std::io::Stdout", homes: &["src/cli"] },
    Wall { name: "std::io::Stderr", homes: &["src/cli"] },
    Wall { name: "std::process", homes: &["src/cli", "src/main.rs"] },
    Wall { name: "std::time::SystemTime", homes: &["src/cli"] },
    Wall { name: "std::time::Instant", homes: &["src/cli"] },
    Wall { name: "comfy_table", homes: &["src/report/terminal"] },
    Wall { name: "polars", homes: &["src/ledger/frame"] },
    Wall { name: "parquet", homes: &["src/ingest/parquet", "src/table/parquet"] },
    Wall { name: "bpe_openai", homes: &["src/measure"] },
    Wall { name: "csv", homes: &["src/ingest", "src/report/csv", "src/cli/quality"] },
];

/// Module names that attract everything and say nothing.
const NAMELESS: [&str; 6] = ["common", "helper", "helpers", "misc", "util", "utils"];

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 80;

/// Folders whose paths the documents may name, and must name rightly.
const ROOTS: [&str; 6] = ["src/", "docs/", "tests/", "fixtures/", "prices/", "benches/"];

/// What no file of the repository may contain: the places where it happened to
/// be written. Split, so that this file passes its own test.
const FORBIDDEN: [&str; 3] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("../sha", "red")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder`, sorted, as paths from the repository's root.
fn files_below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![PathBuf::from(folder)];
    while let Some(at) = pending.pop() {
        for entry in std::fs::read_dir(root().join(&at)).into_iter().flatten().flatten() {
            let path = at.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => pending.push(path),
                _ => found.push(path.to_string_lossy().replace('\\', "/")),
            }
        }
    }
    found.sort();
    found
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_default()
}

fn sources() -> Vec<Source> {
    let files = files_below("src").into_iter().filter(|file| has_extension(file, "rs"));
    files.map(|file| Source::new(&file, read(&file))).collect()
}

fn has_extension(file: &str, extension: &str) -> bool {
    Path::new(file).extension().is_some_and(|found| found == extension)
}

/// Fails with all complaints at once, one per line.
fn expect_none(rule: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{rule}:\n  {}\n", complaints.join("\n  "));
}

#[test]
fn modules_import_only_the_layers_below_them() {
    let sources = sources();
    let complaints: Vec<String> = sources.iter().flat_map(layer_complaints).collect();
    expect_none("a module names what it may not (table in tests/architecture.rs)", &complaints);
}

fn layer_complaints(source: &Source) -> Vec<String> {
    let module = source.module();
    let top = module.first().copied().unwrap_or("the crate root");
    let row = LAYERS.iter().find(|(name, _)| *name == top);
    if row.is_none() && !module.is_empty() && top != "cli" {
        return vec![format!("{}: `{top}` is not in the table of layers", source.file)];
    }
    let is_renderer = top == "report" && !source.file.starts_with(REPORT_ASSEMBLY);
    let is_document = source.file.starts_with(REPORT_DOCUMENT);
    let may_name = |target: &str| match row {
        _ if is_document => SEEN_BY_DOCUMENT.contains(&target),
        _ if is_renderer => SEEN_BY_RENDERERS.contains(&target),
        Some((_, below)) => target == top || below.contains(&target),
        None => top == "cli" || target == "cli",
    };
    let mut complaints = Vec::new();
    for path in &source.paths {
        let place = format!("{}:{}", source.file, path.line);
        match reach(path, module.len()) {
            Reach::Module(target) if !may_name(target) => {
                complaints.push(format!("{place}: `{top}` names `{target}`"));
            }
            Reach::Root => complaints.push(format!(
                "{place}: `{}` reaches the crate root; write crate::module",
                path.segments.join("::")
            )),
            Reach::Module(_) | Reach::Inside => {}
        }
    }
    complaints
}

/// How far a path goes out of its module.
enum Reach<'a> {
    Inside,
    Module(&'a str),
    Root,
}

fn reach(path: &NamedPath, depth: usize) -> Reach<'_> {
    let is_use = path.imported_as.is_some();
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["crate" | "tokopt", target, ..] => Reach::Module(target),
        ["crate"] if is_use => Reach::Root,
        ["super", _, ..] | ["super"] if is_use || segments.len() > 1 => {
            let climbs = segments.iter().take_while(|segment| **segment == "super").count();
            if climbs >= depth + path.inline_modules { Reach::Root } else { Reach::Inside }
        }
        _ => Reach::Inside,
    }
}

#[test]
fn the_table_of_layers_has_no_cycle() {
    // Each row may name only rows above it, and rows are in an order: so no
    // chain of imports can come back to where it started.
    for (index, (name, below)) in LAYERS.iter().enumerate() {
        for target in *below {
            let is_above = LAYERS.iter().take(index).any(|(earlier, _)| earlier == target);
            assert!(is_above, "`{name}` names `{target}`, which is not above it in the table");
        }
    }
}

#[test]
fn outside_crates_and_the_outside_world_stay_behind_their_walls() {
    let sources = sources();
    let complaints: Vec<String> = sources.iter().flat_map(wall_complaints).collect();
    expect_none("named outside its home (table in tests/architecture.rs)", &complaints);
}

fn wall_complaints(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for path in source.resolved_paths() {
        if path.segments.len() == 1 && path.imported_as.is_none() {
            continue;
        }
        let name = path.segments.join("::");
        let is_below = |wall: &str| {
            name.strip_prefix(wall).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        let mut homes = WALLS.iter().filter(|wall| is_below(wall.name)).map(|wall| wall.homes);
        let clock: &[&str] = &["src/cli"];
        let homes = homes.next().or_else(|| name.ends_with("::now").then_some(clock));
        if homes.is_some_and(|homes| !homes.iter().any(|home| source.file.starts_with(home))) {
            complaints.push(format!("{}:{}: `{name}`", source.file, path.line));
        }
    }
    complaints
}

/// A family: one trait in its own file, one file per member, one list.
struct Family {
    folder: &'static str,
    trait_file: &'static str,
    trait_name: &'static str,
    list: &'static str,
}

const FORMATS: Family = Family {
    folder: "src/ingest/",
    trait_file: "src/ingest/format.rs",
    trait_name: "Format",
    list: "FORMATS",
};

const RENDERERS: Family = Family {
    folder: "src/report/",
    trait_file: "src/report/renderer.rs",
    trait_name: "Renderer",
    list: "RENDERERS",
};

const FINDERS: Family = Family {
    folder: "src/findings/",
    trait_file: "src/findings/finder.rs",
    trait_name: "Finder",
    list: "FINDERS",
};

const RULES: Family = Family {
    folder: "src/findings/loops/",
    trait_file: "src/findings/loops/rule.rs",
    trait_name: "Rule",
    list: "RULES",
};

impl Family {
    fn list_file(&self) -> String {
        format!("{}mod.rs", self.folder)
    }

    /// Ids of the members in the list: module names with dashes. Empty while
    /// the family does not exist.
    fn members(&self) -> BTreeSet<String> {
        if !root().join(self.trait_file).exists() {
            return BTreeSet::new();
        }
        let list_file = self.list_file();
        let source = Source::new(&list_file, read(&list_file));
        let members = self.listed(&source);
        assert!(!members.is_empty(), "{list_file} has no list `{}` with members", self.list);
        members
    }

    fn listed(&self, source: &Source) -> BTreeSet<String> {
        let words: Vec<&str> = source.tokens.iter().map(|token| token.text.as_str()).collect();
        let declares =
            |pair: &[&str]| matches!(pair[0], "const" | "static") && pair[1] == self.list;
        let Some(start) = words.windows(2).position(declares) else {
            return BTreeSet::new();
        };
        let after = words.get(start..).unwrap_or_default();
        let equals = after.iter().position(|word| *word == "=").unwrap_or(0);
        let end = after.iter().skip(equals).position(|word| *word == ";").unwrap_or(0);
        let body: String = after[equals..equals + end].concat();
        let imports = source.paths.iter().filter(|path| path.imported_as.is_some());
        let imported: Vec<&NamedPath> = imports.collect();
        let entries = body.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        entries.filter_map(|entry| member_id(entry, &imported)).collect()
    }

    /// Files of the folder that implement the trait, by id.
    fn implementors(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for source in sources().iter().filter(|source| source.file.starts_with(self.folder)) {
            let words: Vec<&str> = source.tokens.iter().map(|token| token.text.as_str()).collect();
            let implements = |three: &[&str]| {
                three[0] != "dyn" && three[1] == self.trait_name && three[2] == "for"
            };
            if words.windows(3).any(implements) {
                found.insert(id_of(source.module().get(1..).unwrap_or_default()));
            }
        }
        found
    }
}

/// `claude_code::ClaudeCode`, or an imported `ClaudeCode`, gives `claude-code`:
/// the id is the last module's name with dashes.
fn member_id(entry: &str, imports: &[&NamedPath]) -> Option<String> {
    let mut segments: Vec<&str> = entry.split("::").collect();
    if let [name] = segments.as_slice() {
        let import = imports.iter().find(|path| path.imported_as.as_deref() == Some(name))?;
        segments = import.segments.iter().map(String::as_str).collect();
    }
    segments.retain(|segment| segment.starts_with(|c: char| c.is_ascii_lowercase()));
    segments.retain(|segment| !matches!(*segment, "crate" | "self"));
    (!segments.is_empty()).then(|| id_of(&segments))
}

fn id_of(modules: &[&str]) -> String {
    modules.last().map_or_else(String::new, |module| module.replace('_', "-"))
}

#[test]
fn every_format_has_its_fixtures_and_its_page() {
    let mut listed = FORMATS.members();
    // A mapping is made of the user's settings, so the list cannot hold it; it
    // has its fixtures and its page like any other.
    listed.insert("mapping".to_owned());
    let mut complaints = unlisted(&FORMATS, &listed);
    for id in &listed {
        for place in [format!("fixtures/ingest/{id}"), format!("docs/formats/{id}.md")] {
            if !root().join(&place).exists() {
                complaints.push(format!("format {id} has no {place}"));
            }
        }
    }
    if !listed.is_empty() {
        let pages = files_below("docs/formats").into_iter();
        let pages = pages.filter_map(|page| {
            let name = page.strip_prefix("docs/formats/")?.strip_suffix(".md")?;
            (name != "README").then(|| name.to_owned())
        });
        let fixtures = files_below("fixtures/ingest").into_iter();
        let fixtures = fixtures.filter_map(|file| {
            let (folder, _) = file.strip_prefix("fixtures/ingest/")?.split_once('/')?;
            Some(folder.to_owned())
        });
        let named: BTreeSet<String> = pages.chain(fixtures).collect();
        let strays = named.difference(&listed);
        complaints.extend(strays.map(|id| format!("`{id}` has a page or fixtures but no format")));
    }
    expect_none("formats out of step", &complaints);
}

#[test]
fn every_renderer_is_tested() {
    let listed = RENDERERS.members();
    let mut complaints = unlisted(&RENDERERS, &listed);
    let files = files_below("tests/it").into_iter();
    let tests: String = files
        .filter(|file| file == "tests/it/reports.rs" || file.starts_with("tests/it/reports/"))
        .map(|file| read(&file))
        .collect();
    let untested = listed.iter().filter(|id| !tests.contains(&id.replace('-', "_")));
    complaints.extend(untested.map(|id| format!("renderer {id} is not in tests/it/reports.rs")));
    expect_none("renderers out of step", &complaints);
}

#[test]
fn every_finder_and_every_rule_is_listed() {
    let mut complaints = unlisted(&FINDERS, &FINDERS.members());
    complaints.extend(unlisted(&RULES, &RULES.members()));
    expect_none("findings that are never looked for", &complaints);
}

fn unlisted(family: &Family, listed: &BTreeSet<String>) -> Vec<String> {
    if listed.is_empty() {
        return Vec::new();
    }
    let missing = family.implementors().into_iter().filter(|id| !listed.contains(id));
    missing
        .map(|id| format!("`{id}` is not in {} of {}", family.list, family.list_file()))
        .collect()
}

#[test]
fn no_integration_test_is_forgotten() {
    // A file that tests/it/main.rs does not declare is never compiled.
    let main = Source::new("tests/it/main.rs", read("tests/it/main.rs"));
    let declared = main.declared_modules();
    let mut complaints = Vec::new();
    for file in files_below("tests/it") {
        let name = file.strip_prefix("tests/it/").and_then(|name| name.strip_suffix(".rs"));
        let name = name.map(|name| name.strip_suffix("/mod").unwrap_or(name));
        let is_top = |name: &&str| *name != "main" && !name.contains('/');
        if name.filter(is_top).is_some_and(|name| !declared.contains(name)) {
            complaints.push(format!("{file} is not declared in tests/it/main.rs"));
        }
    }
    expect_none("tests that never run", &complaints);
}

#[test]
fn paths_named_in_the_documents_exist() {
    let mut documents: Vec<String> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned).to_vec();
    documents.extend(files_below("docs").into_iter().filter(|file| has_extension(file, "md")));
    let mut complaints = Vec::new();
    for document in &documents {
        for (path, line) in paths_in_markdown(document, &read(document)) {
            if !root().join(&path).exists() {
                complaints.push(format!("{document}:{line}: {path}"));
            }
        }
    }
    expect_none("a document names a path that does not exist", &complaints);
}

/// Repository paths in code spans, fenced blocks and links, with their lines.
fn paths_in_markdown(document: &str, text: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut in_fence = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
            continue;
        }
        let spans = line.split('`').skip(1).step_by(2);
        let code: Vec<&str> = if in_fence { vec![line] } else { spans.collect() };
        let words = code.iter().flat_map(|span| span.split_whitespace());
        let named = words.filter_map(repository_path);
        found.extend(named.map(|path| (path, index + 1)));
        if !in_fence {
            let links = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            let linked = links.filter_map(|target| linked_path(document, target));
            found.extend(linked.map(|path| (path, index + 1)));
        }
    }
    found
}

/// A word as a path of ours; `None` for other words, placeholders and globs.
fn repository_path(word: &str) -> Option<String> {
    let word = word.trim_matches(['(', ')', '"', '\'', ',', ';', '.', ':']);
    let is_pattern = word.contains(['<', '*', '{', '…', '$']) || word.contains("...");
    let is_ours = ROOTS.iter().any(|root| word.starts_with(root));
    let path = word.split([':', '#']).next().unwrap_or(word);
    (is_ours && !is_pattern).then(|| path.to_owned())
}

/// A link's target as a path from the root; `None` where it leaves the tree.
fn linked_path(document: &str, target: &str) -> Option<String> {
    let target = target.split('#').next().unwrap_or_default();
    if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/').filter(|part| !part.is_empty()) {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn every_source_file_opens_with_what_it_is() {
    let mut complaints = Vec::new();
    for source in sources() {
        let opening = source.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        if opening.strip_prefix("//!").is_none_or(|words| words.trim().is_empty()) {
            complaints.push(format!("{}: no opening `//!` paragraph", source.file));
        }
        let module = source.module();
        let names = module.last().into_iter().copied().chain(source.declared_modules());
        for name in names.filter(|name| NAMELESS.contains(name)) {
            complaints.push(format!("{}: call `{name}` what it is", source.file));
        }
    }
    complaints.sort();
    expect_none("sources that do not say what they are", &complaints);
}

#[test]
fn sizes_are_shown_but_fail_nothing() {
    let mut rows = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES {
            rows.push((lines, source.file.clone()));
        }
        for function in source.functions() {
            if function.lines > FUNCTION_LINES {
                let place = format!("{}:{} {}", source.file, function.line, function.name);
                rows.push((function.lines, place));
            }
        }
    }
    rows.sort();
    let mut table = format!("files over {FILE_LINES} and functions over {FUNCTION_LINES} lines\n");
    for (lines, place) in rows.iter().rev() {
        writeln!(table, "{lines:>6}  {place}").expect("writing to a string never fails");
    }
    if !rows.is_empty() {
        // Straight to the handle, so that the test harness does not hide it.
        std::io::stdout().write_all(table.as_bytes()).expect("standard output is writable");
    }
}

#[test]
fn no_file_says_where_it_was_written() {
    let mut complaints = Vec::new();
    for file in tracked_files() {
        for (index, line) in read(&file).lines().enumerate() {
            for word in FORBIDDEN {
                if contains_path(line, word) {
                    complaints.push(format!("{file}:{}: {word}", index + 1));
                }
            }
        }
    }
    expect_none("a file names a place outside the repository", &complaints);
}

/// Whether `path` begins in `line`, rather than going on from a longer one.
fn contains_path(line: &str, path: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || "/.-_~".contains(c);
    line.match_indices(path).any(|(at, _)| !line[..at].ends_with(goes_on))
}

/// Tracked files, and files in our own folders that will be; every file of a
/// tree that came without its history.
fn tracked_files() -> Vec<String> {
    let ours = ROOTS.iter().chain(&[".ci", ".github", ".config", "*.md", "*.toml"]);
    let list = |extra: &[&str]| {
        let mut git = Command::new("git");
        git.args(["ls-files", "-z"]).args(extra).current_dir(root());
        let output = git.output().ok().filter(|output| output.status.success())?;
        let names = String::from_utf8_lossy(&output.stdout).into_owned();
        Some(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    };
    let others: Vec<&str> =
        ["--others", "--exclude-standard", "--"].into_iter().chain(ours.copied()).collect();
    let tracked: Option<BTreeSet<String>> = list(&["--cached"]);
    let untracked: Option<BTreeSet<String>> = list(&others);
    match (tracked, untracked) {
        (Some(tracked), Some(untracked)) => tracked.union(&untracked).cloned().collect(),
        _ => ROOTS.iter().flat_map(|folder| files_below(folder.trim_end_matches('/'))).collect(),
    }
}

mod checks_see_what_they_must {
    use super::{FORBIDDEN, wall_complaints};
    use super::{FORMATS, Source, contains_path, layer_complaints, paths_in_markdown};

    fn source(file: &str, text: &str) -> Source {
        Source::new(file, text.to_owned())
    }

    #[test]
    fn a_layer_may_not_look_up() {
        let complaints = |file, text| layer_complaints(&source(file, text)).len();
        assert_eq!(
            complaints("src/ingest/page.rs", "use crate::{record::Call, prices::Table};"),
            1
        );
        assert_eq!(complaints("src/ingest/page.rs", "fn f() { crate::prices::load() }"), 1);
        assert_eq!(complaints("src/ingest/page.rs", "use super::super::prices;"), 1);
        assert_eq!(complaints("src/ingest/page.rs", "mod m { use super::super::page; }"), 0);
        assert_eq!(complaints("src/report/csv.rs", "use crate::ledger::Ledger;"), 1);
        assert_eq!(complaints("src/report/document/mod.rs", "use crate::record::dimension;"), 0);
        assert_eq!(complaints("src/report/assemble.rs", "use crate::ledger::Ledger;"), 0);
        assert_eq!(complaints("src/cli/analyze.rs", "use crate::ledger::Ledger;"), 0);
        assert_eq!(complaints("src/main.rs", "fn main() { tokopt::ledger::f() }"), 1);
        assert_eq!(complaints("src/main.rs", "fn main() { tokopt::cli::run() }"), 0);
        assert_eq!(complaints("src/extra.rs", ""), 1);
    }

    #[test]
    fn walls_are_seen_through_imports() {
        let complaints = |file, text| wall_complaints(&source(file, text)).len();
        assert_eq!(complaints("src/ingest/page.rs", "use std::io; fn f() { io::stdout(); }"), 1);
        assert_eq!(complaints("src/units/time.rs", "fn f() { jiff::Timestamp::now(); }"), 1);
        assert_eq!(complaints("src/report/mod.rs", "mod csv; fn f() { csv::render() }"), 0);
        assert_eq!(complaints("src/report/mod.rs", "fn f() { csv::Writer::new() }"), 1);
        assert_eq!(complaints("src/ledger/frame.rs", "use polars::prelude::*;"), 0);
        assert_eq!(complaints("src/ledger/mod.rs", "use polars::prelude::*;"), 1);
    }

    #[test]
    fn the_list_is_read_however_it_is_written() {
        let ids = |text| FORMATS.listed(&source("src/ingest/mod.rs", text)).into_iter().collect();
        let direct: Vec<String> =
            ids("pub const FORMATS: [&dyn Format; 2] = [&claude_code::ClaudeCode, &csv::Rows];");
        let imported: Vec<String> = ids(
            "use self::claude_code::ClaudeCode; pub static FORMATS: &[&dyn Format] = &[&ClaudeCode];",
        );
        assert_eq!(direct, ["claude-code", "csv"]);
        assert_eq!(imported, ["claude-code"]);
    }

    #[test]
    fn documents_are_read_for_paths() {
        let text = "See `src/lib.rs`, `src/<name>.rs`, `src/*.rs` and [this](../b.md#part).\n\
                    ```console\n$ tokopt analyze fixtures/x.jsonl\n```\n`analyze src`";
        let found: Vec<String> =
            paths_in_markdown("docs/adr/a.md", text).into_iter().map(|(path, _)| path).collect();
        assert_eq!(found, ["src/lib.rs", "docs/b.md", "fixtures/x.jsonl"]);
    }

    #[test]
    fn only_a_whole_path_is_forbidden() {
        let forbidden = FORBIDDEN[0];
        assert!(contains_path(&format!("in {forbidden}x"), forbidden));
        assert!(!contains_path(&format!("/Users/me{forbidden}x"), forbidden));
    }
}
