"""What a replay keeps so that it can go on."""

from pathlib import Path

from cli.replay.memory import Memory
from cli.replay.people import email_of, name_of, password_of, phone_of, street_of


def test_facts_are_there_again_after_the_process_has_gone(tmp_path: Path) -> None:
    first = Memory(tmp_path, "print")
    first.put("order", "one", {"placed": True})
    again = Memory(tmp_path, "print")  # the first was never closed, as after kill -9
    assert again.get("order", "one") == {"placed": True}
    assert again.all("order") == {"one": {"placed": True}}
    assert again.key == first.key


def test_a_fresh_replay_forgets_everything_and_uses_other_keys(tmp_path: Path) -> None:
    first = Memory(tmp_path, "print")
    first.put("order", "one", {"placed": True})
    first.close()
    fresh = Memory(tmp_path, "print", fresh=True)
    assert fresh.all("order") == {}
    assert fresh.key != first.key


def test_a_lost_memory_leads_to_the_same_keys(tmp_path: Path) -> None:
    assert Memory(tmp_path / "a", "print").key == Memory(tmp_path / "b", "print").key


def test_a_person_is_made_up_alike_every_time_and_unlike_others() -> None:
    def made_up(person: str) -> tuple[str, ...]:
        return tuple(make(person) for make in (name_of, street_of, phone_of, email_of, password_of))

    assert made_up("anna") == made_up("anna")
    assert made_up("anna") != made_up("bruno")
