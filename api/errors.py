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
    "if_match_missing": 428,
    # users
    "not_authenticated": 401,
    "permission_missing": 403,
    "user_exists": 409,
    "contact_malformed": 422,
    "password_too_weak": 422,
    "verification_code_wrong": 422,
    "code_sent_recently": 429,
    "credentials_wrong": 401,
    "second_factor_required": 401,
    "second_factor_wrong": 401,
    "second_factor_on": 409,
    "second_factor_off": 409,
    "login_blocked": 429,
    "password_work_busy": 503,
    "refresh_token_wrong": 401,
    "refresh_token_reused": 401,
    "address_book_full": 409,
    "role_unknown": 422,
    "own_access": 409,
    # inventory
    "sold_out": 409,
    "reservation_conflict": 409,
    "reservation_released": 409,
    "reservation_committed": 409,
    "nothing_reserved": 409,
    "restock_exceeds_sold": 409,
    "operation_key_reused": 422,
    "stock_is_reserved": 409,
    "sku_of_another_merchant": 409,
    "warehouse_code_taken": 409,
    # products
    "merchant_unknown": 404,
    "category_unknown": 404,
    "brand_unknown": 404,
    "product_unknown": 404,
    "sku_unknown": 404,
    "media_unknown": 404,
    "code_taken": 409,
    "options_taken": 409,
    "barcode_invalid": 422,
    "attributes_invalid": 422,
    "amount_invalid": 422,
    "category_cycle": 409,
    "category_not_empty": 409,
    "category_too_deep": 409,
    "publication_gap": 409,
    "media_refused": 422,
    "import_unreadable": 422,
    "file_type_unknown": 415,
}


def status_of(code: str) -> int:
    """The status for a refusal; 409 for one that is not in the table, which the test suite does not let happen."""
    return STATUS_OF.get(code, 409)
