#!/bin/sh
# The servers that tests read from: PostgreSQL, started by the tests themselves on loopback.
# Never fails `make test`, except in CI, where these tests must not be skipped: what is missing is said.
missing=0

has_postgres() {
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

if ! has_postgres && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing PostgreSQL for the tests of servers (once) ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null 2>&1
    apt-get install -y -qq --no-install-recommends postgresql >/dev/null 2>&1
fi
if ! has_postgres; then
    echo "No PostgreSQL found: the tests of servers are skipped. Install it with the system's package manager," >&2
    echo "for example: apt-get install postgresql" >&2
    missing=1
fi

[ -z "${CI:-}" ] || exit "$missing"
