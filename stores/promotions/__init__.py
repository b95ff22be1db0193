"""Database `promotions`."""
