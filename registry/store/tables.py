"""The tables, as SQLAlchemy sees them; `migrations/` is how they come to be.

Every row belongs to an organisation and names it. Times are seconds since 1970, UTC.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()
# SQLite counts rows up by itself only in a column of its own INTEGER type.
RowId = BigInteger().with_variant(Integer, "sqlite")


def _owner() -> Column[int]:
    return Column("organisation_id", RowId, ForeignKey("organisations.id"), nullable=False)


organisations = Table(
    "organisations",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("did", Text, nullable=False, unique=True),
    Column("profile", Text, nullable=False),
    Column("suites", Text, nullable=False),
    Column("chain_id", BigInteger, nullable=False),
    Column("account", String(42), nullable=False),
    Column("sender", String(42), nullable=False),
    Column("award_salt", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("status_url", Text),
    Column("status_count", BigInteger, nullable=False, server_default="0"),
)

# Where a list stands never changes: signed credentials name it.
status_lists = Table(
    "status_lists",
    metadata,
    Column(
        "organisation_id",
        RowId,
        ForeignKey("organisations.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("url", Text, nullable=False, unique=True),
)

achievements = Table(
    "achievements",
    metadata,
    Column("id", RowId, primary_key=True),
    _owner(),
    Column("iri", Text, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("organisation_id", "iri"),
)

dictionaries = Table(
    "dictionaries",
    metadata,
    Column("id", RowId, primary_key=True),
    _owner(),
    Column("body", LargeBinary, nullable=False),
)

credentials = Table(
    "credentials",
    metadata,
    Column("id", RowId, primary_key=True),
    _owner(),
    Column("uuid", LargeBinary(16), nullable=False, unique=True),
    Column("achievement_id", RowId, ForeignKey("achievements.id"), nullable=False),
    Column("award_key", LargeBinary(32), nullable=False),
    Column("award_digest", LargeBinary(32), nullable=False),
    Column("dictionary_id", RowId, ForeignKey("dictionaries.id")),
    Column("body", LargeBinary, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    UniqueConstraint("organisation_id", "award_key"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", RowId, primary_key=True),
    _owner(),
    Column("state", String(16), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("root", LargeBinary(32)),
    CheckConstraint("state IN ('open', 'sealed', 'built')", name="batch_state"),
    Index(
        "one_open_batch",
        "organisation_id",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

# One credential, one leaf, one batch, for ever; an erased credential leaves its leaf behind, and
# with it the number of its bit: the file may be out, and what was revoked stays revoked.
leaves = Table(
    "leaves",
    metadata,
    Column("batch_id", RowId, ForeignKey("batches.id"), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _owner(),
    Column("credential_id", RowId, ForeignKey("credentials.id", ondelete="SET NULL"), unique=True),
    Column("leaf", LargeBinary(32), nullable=False, unique=True),
    Column("status_number", BigInteger),
    Index("one_status_number", "organisation_id", "status_number", unique=True),
)

tiles = Table(
    "tiles",
    metadata,
    Column("batch_id", RowId, ForeignKey("batches.id"), primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _owner(),
    Column("hashes", LargeBinary, nullable=False),
)

transactions = Table(
    "transactions",
    metadata,
    Column("id", RowId, primary_key=True),
    _owner(),
    Column("state", String(16), nullable=False),
    Column("batch_id", RowId, ForeignKey("batches.id")),
    Column("nonce", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False),
    Column("block_number", BigInteger),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint(
        "state IN ('signed', 'sent', 'mined', 'final', 'failed')", name="transaction_state"
    ),
)

status_changes = Table(
    "status_changes",
    metadata,
    Column("id", RowId, primary_key=True),
    _owner(),
    Column("credential_id", RowId, ForeignKey("credentials.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("sent_as", String(16)),
    Column("requested_at", BigInteger, nullable=False),
    Column("transaction_id", RowId, ForeignKey("transactions.id")),
    CheckConstraint("kind IN ('revoke', 'suspend', 'reinstate')", name="status_change_kind"),
    Index("pending_status_changes", "organisation_id", "transaction_id"),
)
