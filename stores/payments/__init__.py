"""Database `payments`: what is owed, what came, what goes back, and the books of it.

| file | thought |
|---|---|
| `payments.py` | one payment an order: open it, read it, list it |
| `amounts.py` | what is owed, changed while nobody has paid |
| `attempts.py` | tries to pay, on channels |
| `settling.py` | what a reported capture turns out to be; the end of the window |
| `callbacks.py` | what channels sent, as it came |
| `refunds.py` | hold, record, book or release money on its way back |
| `refund_legs.py` | over which captures it goes, and the sums and transfers that move with each leg |
| `refund_reading.py` | refunds as they stand |
| `chargebacks.py` | money that channels take back; `covering.py`: what was kept pays for it |
| `adjusting.py` | operators' adjustments, and fees as channels state them |
| `ledger.py` | double-entry books |
| `audit.py` | what breaks invariant 2 |
| `statements.py` | what channels say they moved, as they said it |
| `comparing.py` | a statement held against our books, in sets |
| `reports.py` | what came of it, and which repairs were done |

`rows.py` turns rows into values and holds the one order of locks: the payment's row first, and everything that belongs to the
payment only while it is held. So two transactions on one payment happen one after another, and none can deadlock.
"""

from stores.payments.store import PaymentStore

__all__ = ["PaymentStore"]
