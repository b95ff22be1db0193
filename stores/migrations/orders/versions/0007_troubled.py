"""Parcels in trouble are found by its kind."""

from alembic import op

revision = "0007_troubled"
down_revision = "0006_claims"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Partial, so that an ordinary parcel writes nothing into it. Whoever moves a parcel waits while it is made: for one reading
    of the parcels, a second for some millions of them."""
    op.execute("CREATE INDEX shipments_troubled ON shipments (exception, shipment_id) WHERE exception IS NOT NULL")


def downgrade() -> None:
    """Without it."""
    op.execute("DROP INDEX shipments_troubled")
