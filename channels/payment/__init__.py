"""Payment channels. Start with `contract.py` (what every channel can do) and `errors.py` (how it says no); `registry.py` lists the
channels of this shop; `sandbox_channel.py` is the first, and `sandbox/` the server behind it."""
