"""Durable processes: everything that crosses two databases, an outside party, or time.

Each `run` reads as the business process. `saga.py` holds what they share: a store call, its undo, a durable announcement.
`options.py` names queues, timeouts and retries. Nothing here reaches a driver, a clock or chance.
"""
