#!/bin/sh
# From nothing to a running daemon on a fresh Debian under its own systemd, by the handbook's own commands; upgrade, roll back,
# restore on a second machine, the wheel on a third: `make installation`. Needs root, mmdebstrap and systemd-nspawn; without them it says so.
#
#   REUSE=1            take the packages that lie in build/deb
#   ONLY="first second" some of the three machines (second needs what first has left)
#   RELEASE=bookworm   the Debian release whose Python the package was built for
set -eu
cd "$(dirname "$0")/.."
RELEASE=${RELEASE:-bookworm}
PLACE=${PLACE:-$PWD/build/installation}
SOURCES=/etc/apt/sources.list.d/debian.sources

missing=
for tool in mmdebstrap systemd-nspawn dpkg-deb; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
[ "$(id -u)" -eq 0 ] || missing="$missing root"
if [ -n "$missing" ]; then
  echo "The installation is not tried out here; missing:$missing (Debian: apt-get install mmdebstrap systemd-container)"
  exit 0
fi

# 1. The two packages: today's, and one whose schema is a step further.
rm -rf "$PLACE/exercise" "$PLACE/first" "$PLACE/second" "$PLACE/wheel"
mkdir -p "$PLACE/exercise"
[ -n "${REUSE:-}" ] || {
  VERSION=0.1.0 sh packaging/build-deb.sh
  VERSION=0.1.1 NEXT_SCHEMA=1 sh packaging/build-deb.sh
}
cp build/deb/warning-dispatch_0.1.0_*.deb build/deb/warning-dispatch_0.1.1_*.deb "$PLACE/exercise/"
mkdir "$PLACE/exercise/source"
cp -R build/deb/wheels "$PLACE/exercise/wheels"
cp -R build/deb/wheel/*.whl systemd "$PLACE/exercise/source/"
cp "${LOCK:-requirements.lock}" "$PLACE/exercise/source/requirements.lock"
cp docs/installation.zh-CN.md packaging/exercise_inside.py "$PLACE/exercise/"

# 2. A fresh system, made once.
SYSTEM=systemd,python3,python3-venv,debconf,procps
TAR=$PLACE/$RELEASE-$(echo "$SYSTEM" | cksum | cut -d' ' -f1).tar
if [ ! -e "$TAR" ]; then
  [ -e "$SOURCES" ] || SOURCES=
  mmdebstrap --quiet --variant=minbase --include="$SYSTEM" "$RELEASE" "$PLACE/unfinished.tar" $SOURCES
  mv "$PLACE/unfinished.tar" "$TAR"
fi

machine() {
  root=$PLACE/$1
  mkdir -p "$root"
  tar -C "$root" --exclude='./dev/*' -xf "$TAR"
  rm -f "$root/etc/machine-id"
  mkdir -p "$root/exercise" "$root/etc/dpkg/dpkg.cfg.d"
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/quick" # twelve thousand files, for a machine that lives five minutes
  cat >"$root/etc/systemd/system/exercise.service" <<UNIT
[Unit]
Description=The handbook, step by step
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /exercise/exercise_inside.py $1
StandardOutput=append:/exercise/$1.log
StandardError=append:/exercise/$1.log
[Install]
WantedBy=multi-user.target
UNIT
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -s ../exercise.service "$root/etc/systemd/system/multi-user.target.wants/exercise.service"
  timeout 900 systemd-nspawn --quiet --boot --directory="$root" --machine="warning-dispatch-$1-$$" --register=no \
    --keep-unit --private-network --bind="$PLACE/exercise:/exercise" </dev/null >"$PLACE/$1.boot" 2>&1 || true
  cat "$PLACE/exercise/$1.log" 2>/dev/null || tail -40 "$PLACE/$1.boot"
  rm -rf "$root"
  [ -e "$PLACE/exercise/$1.passed" ] || {
    echo "The $1 machine did not pass"
    exit 1
  }
}

# 3. One machine after the other.
for one in ${ONLY:-first second wheel}; do
  machine "$one"
done
rm -rf "$PLACE/exercise"
echo "The installation: ${ONLY:-first second wheel}: passed"
