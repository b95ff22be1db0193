"""What a payment channel can answer instead of doing what it was asked: a definitive no, or nothing we can rely on."""

from models.shared.refusals import Refusal


class ChannelUnavailable(Exception):
    """The outcome is unknown: a timeout, a broken connection, a 5xx, an answer that makes no sense.

    A fault, so it is retried. The channel may have done the work: repeat the same call (all are idempotent) or query.
    """


class StatementNotReady(Exception):
    """The channel has not published the statement of that day yet. Nothing is wrong: ask again later."""


class StatementCorrupt(Exception):
    """A statement file that cannot be believed, and the line that shows it (from 1; None when it is no single line). Nothing
    in it may be booked. Fetching it again gives the same until the channel corrects it."""

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(why if line is None else f"line {line}: {why}")
        self.why = why
        self.line = line


class ChannelRefused(Refusal):
    """The channel said no, for good, and nothing happened there. `channel_code` and `channel_message` are its own words."""

    code = "channel_refused"
    title = "The payment channel refused"

    def __init__(self, channel: str, channel_code: str, channel_message: str) -> None:
        detail = f"{channel} refused ({channel_code}): {channel_message}"
        super().__init__(detail, channel=channel, channel_code=channel_code, channel_message=channel_message)
        self.channel = channel
        self.channel_code = channel_code
        self.channel_message = channel_message


class ChannelUnknown(Refusal):
    """No payment channel of that name is offered here."""

    code = "channel_unknown"
    title = "No such payment channel"


class CallbackSignatureInvalid(Refusal):
    """A callback that the channel did not sign. Nothing in it may be believed."""

    code = "callback_signature_invalid"
    title = "The callback's signature is wrong"


class CallbackTimestampStale(Refusal):
    """A callback signed more than five minutes ago, or for a moment as far ahead: perhaps a replay."""

    code = "callback_timestamp_stale"
    title = "The callback's timestamp is too far away"


class CallbackMalformed(Refusal):
    """A callback that cannot be read: no signature header, or a body that is not what this channel sends."""

    code = "callback_malformed"
    title = "The callback cannot be read"
