#!/usr/bin/env bash
# A step of action.yml: ends as the check did. A check that could not be done
# fails whatever was asked for.
set -euo pipefail

case $VERDICT_FAIL_ON in
error | warning | never) ;;
*)
  echo "::error title=tokopt::fail-on is error, warning or never, not $VERDICT_FAIL_ON"
  exit 2
  ;;
esac
if [[ $VERDICT_EXIT_CODE == 1 && $VERDICT_FAIL_ON == never ]]; then
  echo "over budget, and fail-on is never"
  exit 0
fi
exit "$VERDICT_EXIT_CODE"
