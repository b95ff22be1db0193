"""The AsyncAPI document tells everything about the events, and nothing that is not so."""

from typing import Any

from bus.asyncapi import document
from bus.catalog import known_events
from bus.envelope import decode


def refs(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(refs(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(refs(value) for value in node))
    return set()


def resolve(root: dict[str, Any], ref: str) -> Any:
    node: Any = root
    for part in ref.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_every_event_is_a_message_of_its_topics_channel() -> None:
    told = document()
    listed = {name: topic for topic, channel in told["channels"].items() for name in channel["messages"]}
    assert listed == {kind.type: kind.topic() for kind in known_events().values()}
    assert {operation["channel"]["$ref"] for operation in told["operations"].values()} == {
        f"#/channels/{topic}" for topic in told["channels"]
    }


def test_every_reference_leads_somewhere() -> None:
    told = document()
    assert told["asyncapi"] == "3.1.0"
    for ref in refs(told):
        assert resolve(told, ref) is not None


def test_every_message_has_a_schema_of_its_fields_and_an_example_a_consumer_accepts() -> None:
    told = document()
    for kind in known_events().values():
        message = told["components"]["messages"][kind.type]
        schema = resolve(told, message["payload"]["$ref"])
        assert set(schema["properties"]) == set(kind.model_fields)
        sample = message["examples"][0]
        assert set(message["headers"]["required"]) <= set(sample["headers"])
        headers = [(name, value.encode()) for name, value in sample["headers"].items()]
        value = kind.model_validate(sample["payload"]).model_dump_json().encode()
        assert decode(None, value, headers).id == sample["headers"]["ce_id"]


def test_no_event_carries_a_field_for_personal_data() -> None:
    telling = {"phone", "mobile", "email", "name", "address", "street", "receiver", "password", "token", "card"}
    for kind in known_events().values():
        assert not telling & {part for field in kind.model_fields for part in field.split("_")}, kind
