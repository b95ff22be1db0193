"""Which pictures a review has ever had, so that the others can be found and removed."""

from alembic import op

revision = "0002_unused_pictures"
down_revision = "0001_reviews"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE review_pictures ADD COLUMN used boolean NOT NULL DEFAULT false;
        UPDATE review_pictures p SET used = true
        FROM review_parts w JOIN reviews r USING (review_id)
        WHERE p.user_id = r.user_id AND p.name = ANY(w.pictures);
        CREATE INDEX review_pictures_unused ON review_pictures (at) WHERE NOT used;
        """
    )


def downgrade() -> None:
    op.execute("ALTER TABLE review_pictures DROP COLUMN used")
