"""The language of accounts: contacts, sessions, addresses, roles, and what may be refused."""
