"""The console's own tables: who may sign in, with what, for what; and a log that only grows."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from sonae.store.schema import BIG, METADATA

USER = Table(
    "console_user",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("roles", Text, nullable=False),
    Column("firms", Text, nullable=False),
    Column("made", String(27), nullable=False),
    Column("ended", String(27)),
)
"""`roles` and `firms` are words with a space between; `*` stands for every firm."""

CREDENTIAL = Table(
    "console_credential",
    METADATA,
    Column("id", String(2048), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("sign_count", BIG, nullable=False),
    Column("made", String(27), nullable=False),
    Column("ended", String(27)),
    Index("console_credential_of", "user_id"),
)
"""A passkey: its id and its public key (COSE), both in hexadecimal."""

SESSION = Table(
    "console_session",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("made", String(27), nullable=False),
    Column("seen", String(27), nullable=False),
    Column("ends", String(27), nullable=False),
    Index("console_session_of", "user_id"),
)
"""`hash` is the SHA-256 of what the browser holds, which is kept nowhere else."""

CODE = Table(
    "console_code",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("roles", Text, nullable=False),
    Column("firms", Text, nullable=False),
    Column("by_id", String(64), nullable=False),
    Column("needs_second", Integer, nullable=False),
    Column("second_id", String(64)),
    Column("made", String(27), nullable=False),
    Column("ends", String(27), nullable=False),
    Column("used", String(27)),
)
"""An invitation by its hash; nobody can read the code itself out of here."""

KEY = Table(
    "console_key",
    METADATA,
    Column("public", String(64), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("made", String(27), nullable=False),
    Column("ended", String(27)),
    Index("console_key_of", "user_id"),
)
"""The public half of the key with which a person signs acts; the other half stays in a browser."""

MEMORY = Table(
    "console_memory",
    METADATA,
    Column("public", String(64), primary_key=True),
    Column("fund", String(200), primary_key=True),
    Column("seq", BIG, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("body", Text),
    Column("signature", String(128)),
)
"""What the owner of a key last saw of a fund, and an act not yet known to be recorded."""

EXPORT = Table(
    "console_export",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("firm", String(64), nullable=False),
    Column("file", String(300), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("by_id", String(64), nullable=False),
    Column("made", String(27), nullable=False),
    Column("ends", String(27), nullable=False),
    Column("second_id", String(64)),
    Column("taken", String(27)),
)
"""A file of personal data that one person asks for and another lets go, once."""

LOG = Table(
    "console_log",
    METADATA,
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("by_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("firm", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("console_log_kind", "kind", "seq"),
)
"""Who did or saw what, when; `body` is canonical JSON, such as a passkey's answer over an act."""

CONSOLE = (USER, CREDENTIAL, SESSION, CODE, KEY, MEMORY, EXPORT, LOG)
