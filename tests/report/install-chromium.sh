#!/bin/sh
# The page tests need a Chromium. Installs the system's where that is possible, else says what to do.
# Never fails `make test`, except in CI, where page tests must not be skipped.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the page tests (once) ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null 2>&1
    for package in chromium chromium-browser; do
        apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1
        command -v "$package" >/dev/null 2>&1 && exit 0
    done
fi

echo "No Chromium found: the page tests are skipped. Install Chromium or Chrome with the system's package manager," >&2
echo "for example: apt-get install chromium" >&2
[ -z "${CI:-}" ]
