"""What operators filter workflows by in the Temporal Web UI: the keys, registered at start-up, and what a start carries."""

from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

ORDER_ID = SearchAttributeKey.for_keyword("OrderId")
USER_ID = SearchAttributeKey.for_keyword("UserId")
ORDER_STATUS = SearchAttributeKey.for_keyword("OrderStatus")
PAYMENT_STATUS = SearchAttributeKey.for_keyword("PaymentStatus")
SHIPMENT_STATUS = SearchAttributeKey.for_keyword("ShipmentStatus")
AFTERSALE_STATUS = SearchAttributeKey.for_keyword("AftersaleStatus")
SKU_IDS = SearchAttributeKey.for_keyword_list("SkuIds")
AMOUNT = SearchAttributeKey.for_int("Amount")

KEYS: dict[str, SearchAttributeKey[Any]] = {
    key.name: key
    for key in (ORDER_ID, USER_ID, ORDER_STATUS, PAYMENT_STATUS, SHIPMENT_STATUS, AFTERSALE_STATUS, SKU_IDS, AMOUNT)
}


def attributes(**values: str | int | list[str]) -> TypedSearchAttributes:
    """The attributes a workflow is started with."""
    return TypedSearchAttributes([SearchAttributePair(KEYS[name], value) for name, value in values.items()])
