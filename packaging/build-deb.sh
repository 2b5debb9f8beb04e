#!/bin/sh
# Builds build/deb/warning-dispatch_VERSION_ARCH.deb for the Python that .venv was made with: `make deb`.
#
# Everything the program needs travels inside, at the versions and hashes of requirements.lock, below /opt/warning-dispatch:
# a virtual environment of the system's own Python, so that nothing of the machine is changed and nothing is fetched when
# the package is installed.
#
#   VERSION=…         another version than pyproject.toml's
#   LOCK=…            another lock file than requirements.lock
#   NEXT_SCHEMA=1     adds a made-up next migration: what the upgrade test upgrades to
set -eu
cd "$(dirname "$0")/.."
umask 022

PYTHON=.venv/bin/python
NAME=warning-dispatch
HOME_DIR=opt/$NAME
VERSION=${VERSION:-$($PYTHON -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')}
MINOR=$($PYTHON -c 'import sys; print("%d.%d" % sys.version_info[:2])')
NEXT=$($PYTHON -c 'import sys; print("%d.%d" % (sys.version_info[0], sys.version_info[1] + 1))')
ARCH=$(dpkg --print-architecture)
BUILD=build/deb
ROOT=$BUILD/root
SITE=$ROOT/$HOME_DIR/lib/python$MINOR/site-packages
LOCK=${LOCK:-requirements.lock}
LIBRARIES=$BUILD/libraries-$(sha256sum "$LOCK" | cut -c1-16)-$MINOR
WHEELS=$BUILD/wheels
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

# 1. The libraries, fetched once for each lock file.
if [ ! -e "$LIBRARIES/.whole" ] || [ ! -d "$WHEELS" ]; then
  rm -rf "$BUILD"/libraries-* "$WHEELS"
  $PYTHON -m pip --quiet download --require-hashes --dest "$WHEELS" --requirement "$LOCK"
  $PYTHON -m pip --quiet install --require-hashes --no-compile --no-index --find-links "$WHEELS" \
    --target "$LIBRARIES" --requirement "$LOCK"
  rm -rf "$LIBRARIES/bin"
  touch "$LIBRARIES/.whole"
fi

# 2. The program beside them, as the wheel has it.
rm -rf "$ROOT" "$BUILD/wheel"
mkdir -p "$SITE" "$ROOT/$HOME_DIR/bin"
cp -a "$LIBRARIES/." "$SITE/"
rm -f "$SITE/.whole"
$PYTHON -m pip --quiet wheel --no-deps --no-build-isolation --wheel-dir "$BUILD/wheel" .
$PYTHON -m pip --quiet install --no-deps --no-compile --target "$SITE" "$BUILD"/wheel/*.whl
rm -rf "$SITE/bin"
$PYTHON - "$SITE" <<'PY'
"""A lock that is older than pyproject.toml would make a package that does not start."""
import re
import sys
import tomllib
from importlib.metadata import distributions

inside = {re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower() for one in distributions(path=[sys.argv[1]])}
wanted = tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]
missing = [one for one in wanted if re.match(r"[A-Za-z0-9._-]+", one)[0].replace("_", "-").lower() not in inside]
if missing:
    sys.exit(f"not in the lock: {', '.join(missing)} (make lock)")
PY
if [ -n "${NEXT_SCHEMA:-}" ]; then
  cat >"$SITE/warning_dispatch/store/migrations/versions/v9999_next.py" <<'PY'
"""A made-up next schema: a table more."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("made_up_next", sa.Column("id", sa.Integer(), primary_key=True))
PY
fi

# 3. A virtual environment of the system's Python by hand: venv would write down where it was built.
ln -s "/usr/bin/python$MINOR" "$ROOT/$HOME_DIR/bin/python3"
printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = %s\n' "$MINOR" >"$ROOT/$HOME_DIR/pyvenv.cfg"
printf '#!/%s/bin/python3 -I\nfrom warning_dispatch.cli import main\n\nmain()\n' "$HOME_DIR" >"$ROOT/$HOME_DIR/bin/$NAME"
chmod 755 "$ROOT/$HOME_DIR/bin/$NAME"
$PYTHON -m compileall -q --invalidation-mode unchecked-hash -s "$ROOT" -p / "$SITE" >/dev/null

# 4. What systemd, the administrator and the reader look for.
install -d "$ROOT/usr/bin" "$ROOT/lib/systemd/system" "$ROOT/usr/lib/sysusers.d" "$ROOT/usr/lib/tmpfiles.d" \
  "$ROOT/etc/$NAME/roles" "$ROOT/usr/share/doc/$NAME/docs"
ln -s "/$HOME_DIR/bin/$NAME" "$ROOT/usr/bin/$NAME"
install -m 644 systemd/*.service systemd/*.timer systemd/*.target "$ROOT/lib/systemd/system/"
install -m 644 systemd/$NAME.sysusers "$ROOT/usr/lib/sysusers.d/$NAME.conf"
install -m 644 systemd/$NAME.tmpfiles "$ROOT/usr/lib/tmpfiles.d/$NAME.conf"
install -m 644 systemd/roles/*.env "$ROOT/etc/$NAME/roles/"
cp -R config/. "$ROOT/etc/$NAME/"
chmod -R u=rwX,go=rX "$ROOT/etc/$NAME"
install -m 644 README.md README.zh-CN.md CHANGELOG.md "$ROOT/usr/share/doc/$NAME/"
install -m 644 docs/*.md "$ROOT/usr/share/doc/$NAME/docs/"
ln -s docs/installation.md "$ROOT/usr/share/doc/$NAME/installation.md"
install -m 644 LICENSE "$ROOT/usr/share/doc/$NAME/copyright"

# 5. The control files.
install -d "$ROOT/DEBIAN"
SIZE=$(du -ks "$ROOT" | cut -f1)
sed -e "s/@VERSION@/$VERSION/" -e "s/@ARCH@/$ARCH/" -e "s/@SIZE@/$SIZE/" -e "s/@MINOR@/$MINOR/" -e "s/@NEXT@/$NEXT/" \
  packaging/deb/control.in >"$ROOT/DEBIAN/control"
install -m 755 packaging/deb/postinst packaging/deb/prerm packaging/deb/postrm "$ROOT/DEBIAN/"
install -m 644 packaging/deb/templates "$ROOT/DEBIAN/"
(cd "$ROOT" && find etc -type f | sort | sed 's#^#/#') >"$ROOT/DEBIAN/conffiles"
(cd "$ROOT" && find opt usr lib -type f -exec md5sum {} +) >"$ROOT/DEBIAN/md5sums"

dpkg-deb --root-owner-group -Zzstd -z6 --build "$ROOT" "$BUILD/${NAME}_${VERSION}_$ARCH.deb" >/dev/null
rm -rf "$ROOT"
echo "$BUILD/${NAME}_${VERSION}_$ARCH.deb"
