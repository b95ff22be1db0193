"""The permission `promotions`: for administrators and marketing."""

from alembic import op

revision = "0003_promotions_permission"
down_revision = "0002_cart"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE roles DROP CONSTRAINT roles_permissions_check;
        ALTER TABLE roles ADD CONSTRAINT roles_permissions_check CHECK (
            permissions <@ ARRAY['catalogue', 'stock', 'orders', 'finance', 'service', 'ops', 'accounts', 'promotions']
        );
        UPDATE roles SET permissions = permissions || ARRAY['promotions'], version = version + 1
        WHERE name IN ('administrator', 'marketing') AND NOT permissions @> ARRAY['promotions'];
        """
    )


def downgrade() -> None:
    op.execute(
        """
        UPDATE roles SET permissions = array_remove(permissions, 'promotions'), version = version + 1
        WHERE permissions @> ARRAY['promotions'];
        ALTER TABLE roles DROP CONSTRAINT roles_permissions_check;
        ALTER TABLE roles ADD CONSTRAINT roles_permissions_check CHECK (
            permissions <@ ARRAY['catalogue', 'stock', 'orders', 'finance', 'service', 'ops', 'accounts']
        );
        """
    )
