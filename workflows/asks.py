"""How an update hands a wish to the one coroutine that runs the process, and waits for its answer.

An update handler that changed things itself would interleave with `run` at every await. So a handler only asks; `run`
takes the wishes one after another at the places where the process can listen, and answers or refuses each.
"""

from typing import Generic, TypeVar

from temporalio import workflow

Q = TypeVar("Q")
T = TypeVar("T")


class Ask(Generic[Q, T]):
    """One wish and, in time, its answer."""

    def __init__(self, wish: Q) -> None:
        self.wish = wish
        self._answer: T | None = None
        self._refusal: BaseException | None = None

    @property
    def open(self) -> bool:
        """Whether it still waits for its answer."""
        return self._answer is None and self._refusal is None

    def answer(self, answer: T) -> None:
        """Grant it."""
        self._answer = answer

    def refuse(self, refusal: BaseException) -> None:
        """Refuse it; the one who asked gets this error."""
        self._refusal = refusal

    async def answered(self) -> T:
        """Wait for the answer; raises the refusal."""
        await workflow.wait_condition(lambda: not self.open)
        if self._refusal is not None:
            raise self._refusal
        assert self._answer is not None
        return self._answer
