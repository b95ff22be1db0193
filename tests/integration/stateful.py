"""Hypothesis' state machines over stores that are asked on the test's own event loop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from models.shared import Refusal
from tests.lengths import examples

Answer = TypeVar("Answer")


class StoreMachine(RuleBasedStateMachine):
    """A model beside a real store. Rules run in a thread of their own; `loop` is the test's."""

    loop: asyncio.AbstractEventLoop

    def now(self, call: Coroutine[Any, Any, Answer]) -> Answer | str:
        """Do it and wait; a refusal is its code."""
        try:
            return asyncio.run_coroutine_threadsafe(call, self.loop).result(20)
        except Refusal as refusal:
            return refusal.code


async def holds_whatever_happens(machine: type[StoreMachine], stories: int, steps: int, **given: Any) -> None:
    """Try so many sequences (of `make proof`) of at most so many calls; `given` is what the machine asks for by these names."""
    ready = type("Machine", (machine,), {**given, "loop": asyncio.get_running_loop()})
    bounded = settings(
        max_examples=examples(stories),
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    await asyncio.to_thread(run_state_machine_as_test, ready, settings=bounded)
