"""What the sandboxes of payment and carriers have in common: everything but what they do.

A sandbox is an outside party as a server of its own, for people and tests. It answers signed calls of the merchant, lets things
happen by themselves, reports them by callbacks, and misbehaves as it is told to. Read in this order: `books.py` (one SQLite file
that survives kill -9), `callbacks.py` (reports waiting to be sent, well or badly), `courier.py` (who sends them),
`faults.py` (how what goes wrong is written down) and `fate.py` (whom it hits), `gate.py` (who may call), `page.py` and
`serving.py` (the server around it all).

What a sandbox does, its operations, states and faults, is its own: `channels/payment/sandbox/`, `channels/carrier/sandbox/`. The
shop imports nothing of this; how the two sides sign is `channels/sandbox_signing.py`.
"""
