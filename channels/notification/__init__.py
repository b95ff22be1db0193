"""Messages to people: mail and SMS behind one interface. `contract.py` is the interface, `texts.py` what is said, `sandbox.py`
the channel of a shop that has no provider yet."""
