"""Status lists: where an organisation's stand, and the number of each leaf's bit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Name of the guard -> the table, and what of it is written once.
WRITTEN_ONCE = {"status_lists": ("status_lists", ""), "status_numbers": ("leaves", "status_number")}


def upgrade() -> None:
    op.add_column("organisations", sa.Column("status_url", sa.Text(), nullable=True))
    op.add_column(
        "organisations",
        sa.Column("status_count", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.create_table(
        "status_lists",
        sa.Column("organisation_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"]),
        sa.PrimaryKeyConstraint("organisation_id", "number"),
        sa.UniqueConstraint("url"),
    )
    op.add_column("leaves", sa.Column("status_number", sa.BigInteger(), nullable=True))
    op.create_index(
        "one_status_number", "leaves", ["organisation_id", "status_number"], unique=True
    )
    for name, (table, column) in WRITTEN_ONCE.items():
        _forbid_update(name, table, f" OF {column}" if column else "")


def downgrade() -> None:
    for name, (table, _) in WRITTEN_ONCE.items():
        _allow_update(name, table)
    op.drop_index("one_status_number", "leaves")
    op.drop_column("leaves", "status_number")
    op.drop_table("status_lists")
    op.drop_column("organisations", "status_count")
    op.drop_column("organisations", "status_url")


def _forbid_update(name: str, table: str, of: str) -> None:
    message = f"{name.replace('_', ' ')} are written once and never changed"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name}_written_once BEFORE UPDATE{of} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {name}_written_once() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name}_written_once BEFORE UPDATE{of} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {name}_written_once()"
    )


def _allow_update(name: str, table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {name}_written_once")
        return
    op.execute(f"DROP TRIGGER {name}_written_once ON {table}")
    op.execute(f"DROP FUNCTION {name}_written_once()")
