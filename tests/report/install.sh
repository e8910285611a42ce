#!/bin/sh
# What the page tests look through: a Chromium (the system's), and axe and the HTML checker (package-lock.json beside this).
# Never fails `make test`, except in CI, where page tests must not be skipped: what is missing is said, and its tests skipped.
here=$(dirname "$0")
missing=0

has_chromium() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

if ! has_chromium && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the page tests (once) ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null 2>&1
    for package in chromium chromium-browser; do
        has_chromium || apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1
    done
fi
if ! has_chromium; then
    echo "No Chromium found: the page tests are skipped. Install Chromium or Chrome with the system's package manager," >&2
    echo "for example: apt-get install chromium" >&2
    missing=1
fi

if ! [ "$here/node_modules/.package-lock.json" -nt "$here/package-lock.json" ]; then
    if command -v npm >/dev/null 2>&1; then
        echo "Installing axe and the HTML checker for the page tests (once) ..."
        (cd "$here" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) || missing=1
    else
        echo "No npm found: the tests of accessibility and of valid HTML are skipped. Install Node.js to run them." >&2
        missing=1
    fi
fi

[ -z "${CI:-}" ] || exit "$missing"
