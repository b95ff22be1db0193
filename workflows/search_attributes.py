"""Keeping the search attributes of a running saga true."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.search_attributes import KEYS


def show(**values: str | int) -> None:
    """Keep this run's attributes true. What stands already costs no event."""
    current = workflow.info().typed_search_attributes
    updates = [KEYS[name].value_set(value) for name, value in values.items() if current.get(KEYS[name]) != value]
    if updates:
        workflow.upsert_search_attributes(updates)
