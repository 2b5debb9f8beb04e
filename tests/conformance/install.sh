#!/bin/sh
# Puts into build/prism what the tests in this folder need: Prism, a server that holds requests to an OpenAPI description,
# and the package in which Twilio publishes the description of its own interface. From the package registry that npm is set
# up for; without Node, npm or a network the tests are skipped and say so.
set -eu
cd "$(dirname "$0")/../.."
PRISM=@stoplight/prism-cli@5.14.2
DESCRIPTION=@twilio/cli-core@8.3.2
INSIDE=package/src/services/twilio-api/twilio_api_v2010.json
folder=build/prism

command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || {
  echo "No node and npm here: the tests against Twilio's own description are skipped (Debian: apt-get install nodejs npm)"
  exit 0
}
[ "$(cat "$folder/.installed" 2>/dev/null || true)" != "$PRISM $DESCRIPTION" ] || exit 0

echo "Installing $PRISM and Twilio's description into $folder; once, about half a minute"
rm -rf "$folder"
mkdir -p "$folder"
npm_quiet() { timeout 300 npm --loglevel=error --no-audit --no-fund --no-update-notifier "$@"; }
if (
  cd "$folder" &&
    echo '{"private": true}' >package.json &&
    npm_quiet install --no-save --no-package-lock --ignore-scripts "$PRISM" >/dev/null &&
    npm_quiet pack --silent "$DESCRIPTION" >/dev/null &&
    tar -xzf twilio-cli-core-*.tgz "$INSIDE" &&
    mv "$INSIDE" twilio.json &&
    rm -rf package twilio-cli-core-*.tgz
); then
  echo "$PRISM $DESCRIPTION" >"$folder/.installed"
else
  echo "Could not install them: the tests against Twilio's own description are skipped"
fi
