"""Points: a ledger of lots that a buyer earns by completed orders and spends at checkout."""
