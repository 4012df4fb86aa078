//! What runs in other people's pipelines: the steps of `action.yml`, of the
//! snippets in `docs/ci.md` and of the commit hooks, run in a shell as a runner
//! would run them. A `gh` of the test's own keeps comments as files.
#![cfg(unix)]

mod action;
mod snippets;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A machine of a pipeline: a folder to work in, the program on its PATH, and a
/// `gh` that talks to nobody.
struct Runner {
    folder: tempfile::TempDir,
}

/// Keeps each comment as a file whose name is its number. It knows the three
/// requests of `ci/comment.sh` and refuses any other.
const GH: &str = r#"#!/usr/bin/env bash
set -euo pipefail
echo "$*" >>"$COMMENTS/requests"
body() { for word; do case $word in body=@*) cat "${word#body=@}" ;; esac; done; }
case "$*" in
"api --paginate "*"/issues/7/comments?per_page=100 --jq "*)
  for file in "$COMMENTS"/*.md; do
    [[ -e $file ]] || continue
    [[ $(head -n 1 "$file") != "$MARKER"* ]] || basename "$file" .md
  done ;;
"api --method POST "*"/issues/7/comments "*)
  count=$(find "$COMMENTS" -name '*.md' | wc -l)
  body "$@" >"$COMMENTS/$((count + 1)).md" ;;
"api --method PATCH "*"/issues/comments/"*)
  number=${4##*/}
  [[ -e $COMMENTS/$number.md ]]
  body "$@" >"$COMMENTS/$number.md" ;;
*) echo "gh: not known here: $*" >&2; exit 1 ;;
esac
"#;

impl Runner {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for below in ["bin", "comments", "work"] {
            fs::create_dir(folder.path().join(below)).expect("a folder");
        }
        let runner = Self { folder };
        let gh = runner.path("bin/gh");
        fs::write(&gh, GH).expect("a file");
        fs::set_permissions(&gh, fs::Permissions::from_mode(0o755)).expect("executable");
        let program = Path::new(env!("CARGO_BIN_EXE_tokopt"));
        std::os::unix::fs::symlink(program, runner.path("bin/tokopt")).expect("a link");
        runner
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Writes a file into the folder that steps work in.
    fn write(&self, name: &str, text: &str) {
        let path = self.path("work").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("a file");
    }

    fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap_or_default()
    }

    /// The comments of the pull request, in the order they were written.
    fn comments(&self) -> Vec<String> {
        let texts = (1..).map(|number| self.path(&format!("comments/{number}.md")));
        texts.map_while(|path| fs::read_to_string(path).ok()).collect()
    }

    /// Runs a script as GitHub's and GitLab's runners do: with `bash -e` and
    /// pipefail, and with nothing of the surroundings of the test.
    fn run(&self, script: &str, environment: &BTreeMap<String, String>) -> Output {
        let path = format!("{}:{}", self.path("bin").display(), "/usr/local/bin:/usr/bin:/bin");
        Command::new("bash")
            .args(["-eo", "pipefail", "-c", script])
            .current_dir(self.path("work"))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("RUNNER_TEMP", self.folder.path())
            .env("COMMENTS", self.path("comments"))
            .envs(environment)
            .output()
            .expect("bash starts")
    }
}

/// A log of `calls` equal calls, each of 1,000 input and 100 output tokens of
/// gpt-4o-mini at $0.15 and $0.60 a million: 0.00015 + 0.00006 = $0.00021 a call.
fn log_of(calls: usize) -> String {
    let line = |call: usize| {
        format!(
            "{{\"id\":\"call-{call}\",\"time\":\"2026-06-{:02}T08:{:02}:00Z\",\
             \"model\":\"gpt-4o-mini\",\"provider\":\"openai\",\"feature\":\"support\",\
             \"input_tokens\":1000,\"output_tokens\":100}}\n",
            call / 60 % 28 + 1,
            call % 60,
        )
    };
    (0..calls).map(line).collect()
}
