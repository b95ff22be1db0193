"""How a sandbox says no."""

from starlette.responses import JSONResponse


class SandboxRefusal(Exception):
    """The outside party says no: an HTTP status, a stable code and a sentence for the merchant."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> JSONResponse:
        """As it goes over the wire."""
        return JSONResponse({"code": self.code, "message": self.message}, self.status)
