#!/bin/sh
# What the tests in this folder need, from Debian: baresip (our lines), SIPp (the village's telephones), espeak-ng (the voice).
# As root and where apt-get is; elsewhere the tests that need them are skipped and say so.
set -eu
missing=
command -v baresip >/dev/null 2>&1 || missing="$missing baresip-core"
command -v sipp >/dev/null 2>&1 || missing="$missing sip-tester"
command -v espeak-ng >/dev/null 2>&1 || missing="$missing espeak-ng"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Absent and not installable here:$missing: tests that ring telephones are skipped"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 - several words are meant
timeout 300 apt-get update -qq && timeout 600 apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
  echo "Could not install:$missing: tests that ring telephones are skipped"
