"""What operators filter by in the Temporal Web UI; registered at start-up, kept true by every saga."""

from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

ORDER_ID = SearchAttributeKey.for_keyword("OrderId")
USER_ID = SearchAttributeKey.for_keyword("UserId")
ORDER_STATUS = SearchAttributeKey.for_keyword("OrderStatus")
PAYMENT_STATUS = SearchAttributeKey.for_keyword("PaymentStatus")
SHIPMENT_STATUS = SearchAttributeKey.for_keyword("ShipmentStatus")
AFTERSALE_STATUS = SearchAttributeKey.for_keyword("AftersaleStatus")
SKU_IDS = SearchAttributeKey.for_keyword_list("SkuIds")
AMOUNT = SearchAttributeKey.for_int("Amount")

_KEYS: dict[str, SearchAttributeKey[Any]] = {
    key.name: key
    for key in (ORDER_ID, USER_ID, ORDER_STATUS, PAYMENT_STATUS, SHIPMENT_STATUS, AFTERSALE_STATUS, SKU_IDS, AMOUNT)
}


def show(**values: str | int) -> None:
    """Keep this run's attributes true. What stands already costs no event."""
    current = workflow.info().typed_search_attributes
    updates = [_KEYS[name].value_set(value) for name, value in values.items() if current.get(_KEYS[name]) != value]
    if updates:
        workflow.upsert_search_attributes(updates)


def attributes(**values: str | int | list[str]) -> TypedSearchAttributes:
    """The attributes a workflow is started with."""
    return TypedSearchAttributes([SearchAttributePair(_KEYS[name], value) for name, value in values.items()])
