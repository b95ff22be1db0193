"""What `hanse audit` checks: each domain's own books (`books.py`) and what two of them must agree on (`across.py`)."""
