"""The language of running the shop: the audit log of operators' actions, black and white lists."""
