"""A PostgreSQL of the tests' own: on loopback, in a temporary folder, gone afterwards."""

import glob
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "pw-Sehr+geheim/42"
READER = "reader"


@dataclass(frozen=True)
class Postgres:
    """A server under way: its port; `owner` writes, `reader` may only read."""

    port: int

    def uri(self, user: str = READER) -> str:
        """As a parameter file names it."""
        return f"postgres://{user}:${{TEST_PASSWORD}}@127.0.0.1:{self.port}/shop"

    def connect(self, database: str = "shop") -> Any:
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="owner",
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        )

    def run(self, *statements: str) -> None:
        """What the owner does."""
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def load(self, table: str, path: Path, columns: str) -> None:
        """A table from a CSV file with a line of names."""
        self.run(f"DROP TABLE IF EXISTS {table}", f"CREATE TABLE {table} ({columns})")
        command = f"COPY {table} FROM STDIN WITH (FORMAT csv, HEADER true)"
        with self.connect() as connection, connection.cursor().copy(command) as copy:
            copy.write(path.read_bytes())
        self.run(f"GRANT SELECT ON {table} TO {READER}")


def _missing(what: str) -> None:
    """Skip the test, but never in CI."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what}; see tests/servers/install.sh")


def _programs() -> Path:
    found = [Path(one).parent for one in glob.glob("/usr/lib/postgresql/*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    if not found:
        _missing("no PostgreSQL is installed")
    return sorted(found)[-1]


def _as_nobody(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """A server with its data in a folder."""
    programs, data, secret = _programs(), folder / "data", folder / "secret"
    secret.write_text(PASSWORD)
    if os.geteuid() == 0:
        for path in (folder, secret):
            shutil.chown(path, "postgres")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    init = ["-D", data, "-A", "scram-sha-256", "-U", "owner", f"--pwfile={secret}", "-E", "UTF8"]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [str(programs / "pg_ctl"), "-D", str(data), "-w"]
    for command in (
        [str(programs / "initdb"), *map(str, init), "--locale=C.UTF-8"],
        [*control, "-l", str(folder / "log"), "-o", options, "start"],
    ):
        subprocess.run(_as_nobody(command), check=True, capture_output=True, cwd=folder)
    server = Postgres(port)
    try:
        with server.connect("postgres") as connection:
            connection.execute("CREATE DATABASE shop")
            connection.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}'")
        yield server
    finally:
        stop = [*control, "-m", "immediate", "stop"]
        subprocess.run(_as_nobody(stop), check=False, capture_output=True, cwd=folder)


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    pytest.importorskip("psycopg") if not os.environ.get("CI") else __import__("psycopg")
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        Path(folder).chmod(0o755)
        with postgres(Path(folder)) as one:
            yield one


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PASSWORD", PASSWORD.replace("+", "%2B").replace("/", "%2F"))
