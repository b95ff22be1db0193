"""What an audit of the shop looks at, and what it finds."""
