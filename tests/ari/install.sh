#!/bin/sh
# Puts into build/ari Asterisk's own published description of its interface, to which the tests in this folder hold our requests and
# the events of their stand-in. It is Asterisk's (GPL-2.0) and never kept here. Without a network the tests are skipped and say so;
# ARI_DESCRIPTION names a folder that has the three files already.
set -eu
cd "$(dirname "$0")/../.."
folder=build/ari
from=https://raw.githubusercontent.com/asterisk/asterisk/master/rest-api/api-docs
mkdir -p "$folder"
for name in channels playbacks events; do
  [ ! -s "$folder/$name.json" ] || continue
  if [ -n "${ARI_DESCRIPTION:-}" ]; then
    cp "$ARI_DESCRIPTION/$name.json" "$folder/"
  elif ! { command -v curl >/dev/null 2>&1 && curl -fsSL --max-time 30 -o "$folder/$name.json" "$from/$name.json"; }; then
    rm -f "$folder/$name.json"
    echo "Asterisk's description could not be fetched: the tests against it are skipped"
    exit 0
  fi
done
