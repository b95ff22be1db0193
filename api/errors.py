"""The one table from a refusal's code to its HTTP status. A test holds it against every refusal that exists."""

STATUS_OF: dict[str, int] = {
    # shared
    "refused": 409,
    "not_found": 404,
    "stale_version": 412,
    "invalid_request": 422,
    # edge
    "body_malformed": 400,
    "body_too_large": 413,
    "idempotency_key_missing": 400,
    "idempotency_key_malformed": 400,
    "idempotency_key_in_flight": 409,
    "idempotency_key_reused": 422,
    "service_busy": 503,
}


def status_of(code: str) -> int:
    """The status for a refusal; 409 for one that is not in the table, which the test suite does not let happen."""
    return STATUS_OF.get(code, 409)
