"""The OpenAPI document: what FastAPI writes by itself, made complete by rule rather than by hand.

`document.py` adds what every operation may answer, from its dependencies; `examples.py` makes an example of every body and
answer from its schema, with the words of `words.py`; `tags.py` says what each group of operations is about; `served.py` gives it out. A route says
itself what only it knows: its summary, its description and its own refusals. `tests/architecture/test_http_contract.py` holds
the whole document to that.
"""

from api.contract.document import describe, operation_id
from api.contract.served import mount

__all__ = ["describe", "mount", "operation_id"]
