"""What proves who someone is: password hashes, access tokens, and keys derived from the token key. Built by `wiring.py`."""
