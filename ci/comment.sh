#!/usr/bin/env bash
# A step of action.yml: writes a report into a pull request. The first line of
# the report names the comment it belongs to; where one is there, it is updated.
set -euo pipefail

if [[ ! -s $COMMENT_BODY ]]; then
  echo "::notice title=tokopt::there is no report to comment with"
  exit 0
fi
marker=$(head -n 1 "$COMMENT_BODY")
comments="repos/$COMMENT_REPOSITORY/issues/$COMMENT_PULL_REQUEST/comments"

# The numbers of the comments that start with the marker, oldest first.
found=$(MARKER=$marker gh api --paginate "$comments?per_page=100" \
  --jq '.[] | select(.body | startswith(env.MARKER)) | .id')
first=${found%%$'\n'*}
if [[ -n $first ]]; then
  gh api --method PATCH "repos/$COMMENT_REPOSITORY/issues/comments/$first" \
    -F "body=@$COMMENT_BODY" --silent
  echo "updated comment $first"
else
  gh api --method POST "$comments" -F "body=@$COMMENT_BODY" --silent
  echo "wrote a comment"
fi
