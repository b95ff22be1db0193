"""Schemathesis against the whole shop: `make contract`. No part of `make test`; it takes minutes and its inputs are random."""
