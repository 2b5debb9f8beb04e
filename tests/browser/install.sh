#!/bin/sh
# Puts into build/axe the rules by which the browser tests look for barriers (WCAG): axe-core, from the package registry that npm
# is set up for. Without Node, npm or a network that look is left out, and one test says so.
set -eu
cd "$(dirname "$0")/../.."
AXE=axe-core@4.14.1
folder=build/axe

command -v npm >/dev/null 2>&1 || {
  echo "No npm here: pages are not looked at by axe (Debian: apt-get install nodejs npm)"
  exit 0
}
[ "$(cat "$folder/.installed" 2>/dev/null || true)" != "$AXE" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder"
if (
  cd "$folder" &&
    timeout 120 npm --loglevel=error --no-update-notifier pack --silent "$AXE" >/dev/null &&
    tar -xzf axe-core-*.tgz package/axe.min.js &&
    mv package/axe.min.js axe.min.js &&
    rm -rf package axe-core-*.tgz
); then
  echo "$AXE" >"$folder/.installed"
else
  echo "Could not install $AXE: pages are not looked at by axe"
fi
