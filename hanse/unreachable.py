"""A server that does not answer."""


class Unreachable(ConnectionError):
    """A server that this process cannot do without does not answer. The text says which one, where it was looked for and what to
    do next; the error it stands for is its cause."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} does not answer at {where}; start the stack with `make up`, or see `hanse doctor`")
