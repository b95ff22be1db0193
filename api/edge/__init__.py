"""What every route shares: problem documents, idempotency, identity, limits."""
