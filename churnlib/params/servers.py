"""Addresses of servers that `source.uri` may name, and what of them is secret."""

import os
import re
from urllib.parse import unquote

from churnlib.errors import DataError, masked

SENDING = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "sqlite": "sqlite",
    "mysql": "mysql",
    "mssql": "mssql",
    "bigquery": "bigquery",
    "snowflake": "snowflake",
    "databricks": "databricks",
    "trino": "trino",
    "clickhouse": "clickhouse",
}
"""Schemes of servers that send their tables, and the extra that has the driver of each."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LOGIN = re.compile(r"://[^:/@]*:?@")
"""A login without a password: what is left where a variable stood for it."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def scheme_of(uri: str) -> str:
    """The scheme of a server's address; nothing of a path, or of an address that nobody knows.

    Examples
    --------
    >>> scheme_of("postgres://${DB_USER}:${DB_PASSWORD}@db/shop"), scheme_of("../data/demo")
    ('postgres', '')
    """
    found = _SCHEME.match(uri)
    return found[1].lower() if found and found[1].lower() in SENDING else ""


def keeps_secrets(uri: str) -> bool:
    """Whether everything secret in an address is a ${NAME} of the environment.

    Examples
    --------
    >>> keeps_secrets("postgres://anna:${PASSWORD}@db/shop?sslmode=require")
    True
    >>> keeps_secrets("postgres://anna:pw@db/shop"), keeps_secrets("trino://db/x?password=pw")
    (False, False)
    """
    plain = _LOGIN.sub("://", _VARIABLE.sub("", uri))
    return masked(plain) == plain


def filled_in(uri: str) -> tuple[str, list[str]]:
    """An address with every ${NAME} from the environment, and the secrets that were filled in, as
    they stand in an address and as they are.

    It is used to connect, and written nowhere.

    Raises
    ------
    DataError : a variable that is not set
    """
    secrets = []

    def value(found: re.Match[str]) -> str:
        if not os.environ.get(found[1]):
            raise DataError(f"source.uri: the environment variable {found[1]} is not set.")
        secret = os.environ[found[1]]
        secrets.extend({secret, unquote(secret)})
        return secret

    return _VARIABLE.sub(value, uri), secrets
