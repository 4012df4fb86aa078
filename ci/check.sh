#!/usr/bin/env bash
# A step of action.yml: runs `tokopt check` and writes every report. Its own exit
# code is always 0, so that the comment is written when the check fails; the
# code of the check goes to the outputs, and verdict.sh gives it back.
set -euo pipefail

arguments=()

# Adds each line of a text, after a flag if there is one.
add_lines() {
  local flag=$1 text=$2 line
  while IFS= read -r line; do
    [[ -n $line ]] || continue
    [[ -z $flag ]] || arguments+=("$flag")
    arguments+=("$line")
  done <<<"$text"
}

add_lines --config "$CHECK_CONFIG"
add_lines --preset "$CHECK_PRESET"
if [[ -n $CHECK_BASELINE && ! -e $CHECK_BASELINE ]]; then
  # The first run of a project has no baseline; rules that need one are listed
  # as not judged.
  echo "::notice title=tokopt::there is no baseline $CHECK_BASELINE yet: nothing is compared"
else
  add_lines --baseline "$CHECK_BASELINE"
fi
[[ $CHECK_FAIL_ON != warning ]] || arguments+=(--error-on-warning)
add_lines "" "$CHECK_ARGUMENTS"

mkdir -p "$CHECK_REPORTS"
arguments+=(
  --comment-tag "$CHECK_COMMENT_TAG"
  -o "md=$CHECK_REPORTS/check.md"
  -o "json=$CHECK_REPORTS/check.json"
  -o "sarif=$CHECK_REPORTS/check.sarif"
  -o "junit=$CHECK_REPORTS/check.xml"
  -o "gitlab=$CHECK_REPORTS/gl-code-quality.json"
)
add_lines --save "$CHECK_SAVE"
arguments+=(--)
add_lines "" "$CHECK_PATHS"

code=0
tokopt check "${arguments[@]}" || code=$?
case $code in
0) outcome=within ;;
1) outcome=over ;;
*) outcome=failed ;;
esac
{
  echo "exit-code=$code"
  echo "outcome=$outcome"
  echo "reports=$CHECK_REPORTS"
} >>"$GITHUB_OUTPUT"
