"""The language of housekeeping: what is kept for a time and then no longer."""
