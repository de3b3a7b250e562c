#!/usr/bin/env bash
# Makes .venv hold exactly requirements.lock, and this project editable. Quick when nothing changed.
# With `tests`: sees to what tests need of the system instead: Chromium, a Japanese font, minisign and so on.
# With `spark`: puts Apache Spark into .venv instead, exactly requirements-spark.lock, and sees to Java 17.
set -euo pipefail
cd "$(dirname "$0")/.."

die() {
  echo "setup: $*" >&2
  exit 1
}

# Packages of the system; fails where apt-get cannot be used. $1: how to become root if need be.
apt_install() {
  local root=$1
  shift
  [ "$(id -u)" -ne 0 ] || root=env
  command -v apt-get >/dev/null && $root true 2>/dev/null || return 1
  echo "setup: installing $* with apt-get" >&2
  $root apt-get update -qq &&
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

# Scripts of others that the console's pages load from their own server: by the lock, from npm. Without
# npm the pages work, with drawings instead of charts to look into.
vendor() {
  local from=src/sonae/web/vendor to=src/sonae/web/static/vendor want work
  want=$(cat $from/package-lock.json | sha256sum)
  [ "$(cat $to/.stamp 2>/dev/null)" != "$want" ] || return 0
  if ! command -v npm >/dev/null; then
    echo "setup: without npm the console shows drawings only" >&2
    return 0
  fi
  work=$(mktemp -d)
  cp $from/package.json $from/package-lock.json "$work"
  if (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2); then
    rm -rf $to
    mkdir -p $to tests/web/vendor
    cp "$work"/node_modules/htmx.org/dist/htmx.min.js $to/htmx.min.js
    cp "$work"/node_modules/echarts/dist/echarts.common.min.js $to/echarts.min.js
    cp "$work"/node_modules/axe-core/axe.min.js tests/web/vendor/axe.min.js
    printf '%s\n' "$want" >$to/.stamp
  else
    echo "setup: npm could not fetch the console's scripts; it shows drawings only" >&2
  fi
  rm -rf "$work"
}

# No reason to ask for a password or to stop: without these, only the tests that use them do not run.
if [ "${1:-}" = tests ]; then
  missing=() tried=.venv/.sonae-tests # one attempt for each .venv
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && break
  done || missing+=(chromium)
  fc-list :lang=ja family 2>/dev/null | grep -q . || missing+=(fonts-noto-cjk)
  for name in minisign age; do
    command -v "$name" >/dev/null || missing+=("$name")
  done
  command -v pdftotext >/dev/null || missing+=(poppler-utils)
  if [ ! -e $tried-nodes ] && command -v npm >/dev/null && command -v node >/dev/null; then
    .venv/bin/python -c 'from sonae.actions.chains.node_servers import install; install()' ||
      echo "setup: the tests of chains will not run without their nodes" >&2
    touch $tried-nodes
  fi
  [ ${#missing[@]} -gt 0 ] || exit 0
  [ -e $tried ] || ! apt_install "sudo -n" "${missing[@]}" || exit 0
  touch $tried
  echo "setup: some tests will not run without ${missing[*]} (as root: apt-get install ${missing[*]})" >&2
  exit 0
fi

if [ "${1:-}" = spark ]; then
  java_is_there() {
    local major
    major=$(java -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p')
    [ "${major:-0}" -ge 17 ]
  }
  java_is_there || apt_install "sudo -n" openjdk-17-jre-headless || true
  java_is_there || echo "setup: Spark will not run without Java 17 (as root: apt-get install openjdk-17-jre-headless)" >&2
  stamp=.venv/.sonae-spark lock_hash=$(sha256sum <requirements-spark.lock)
  [ "$(cat $stamp 2>/dev/null)" != "$lock_hash" ] || exit 0
  echo "setup: installing Apache Spark (450 MB)" >&2
  if command -v uv >/dev/null; then
    install=(uv pip install --quiet --python .venv/bin/python)
  else
    install=(.venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check)
  fi
  "${install[@]}" --require-hashes --requirement requirements-spark.lock
  printf '%s\n' "$lock_hash" >$stamp
  exit 0
fi

PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -vxF "$PWD/.venv/bin" | paste -sd:) # not from inside it

lock_hash=$(sha256sum <requirements.lock)
full_hash=$(cat requirements.lock pyproject.toml scripts/setup.sh src/sonae/web/vendor/package-lock.json | sha256sum)
stamp=.venv/.sonae-setup # first line: the lock; second line: everything
if [ "$(cat $stamp 2>/dev/null)" = "$lock_hash"$'\n'"$full_hash" ] && .venv/bin/python -c '' 2>/dev/null; then
  exit 0
fi

uv=$(command -v uv || true)

# A Python that runs, is new enough and can make a virtual environment (uv needs no help for that).
find_python() {
  local name test='import sys; assert sys.version_info >= (3, 11)'
  [ -n "$uv" ] || test="$test; import venv, ensurepip"
  for name in python3.13 python3.12 python3.11 python3; do
    if "$name" -c "$test" >/dev/null 2>&1; then
      command -v "$name"
      return
    fi
  done
  return 1
}

if ! python=$(find_python); then
  apt_install sudo python3 python3-venv || die "please install Python 3.11 or newer, with venv"
  if ! python=$(find_python); then # the distribution's own is older; it may offer a newer one beside it
    for name in python3.13 python3.12 python3.11; do
      if apt-cache show "$name-venv" >/dev/null 2>&1; then
        apt_install sudo "$name" "$name-venv" || die "please install $name and $name-venv"
        break
      fi
    done
    python=$(find_python) || die "this system offers no Python 3.11 or newer; please install one"
  fi
fi

if [ "$(head -n 1 $stamp 2>/dev/null)" != "$lock_hash" ] || ! .venv/bin/python -c '' 2>/dev/null; then
  echo "setup: making .venv with $("$python" --version)" >&2
  rm -rf .venv
  if [ -n "$uv" ]; then
    uv venv --quiet --no-python-downloads --python "$python" .venv
  else
    "$python" -m venv .venv
  fi
fi
rm -f $stamp

if [ -n "$uv" ]; then
  install=(uv pip install --quiet --python .venv/bin/python)
else
  .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip --upgrade >/dev/null
  install=(.venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check)
fi
vendor
"${install[@]}" --require-hashes --requirement requirements.lock
"${install[@]}" --no-deps --no-build-isolation --editable .
printf '%s\n%s\n' "$lock_hash" "$full_hash" >$stamp
