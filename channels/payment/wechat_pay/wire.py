"""What WeChat Pay answers and reports, as far as we read it; amounts are fen."""

from pydantic import AwareDatetime, BaseModel


class Ordered(BaseModel):
    """Of an order: one of these, by trade type."""

    code_url: str | None = None
    h5_url: str | None = None
    prepay_id: str | None = None


class TransactionAmount(BaseModel):
    """What was ordered; the buyer may have paid less, WeChat gave the rest."""

    total: int
    currency: str = "CNY"


class Transaction(BaseModel):
    """An order: of the query, and inside a payment's callback."""

    mchid: str
    out_trade_no: str
    trade_state: str
    transaction_id: str | None = None
    success_time: AwareDatetime | None = None
    amount: TransactionAmount | None = None


class RefundAmount(BaseModel):
    """What goes back, of what."""

    total: int
    refund: int
    currency: str = "CNY"


class Refund(BaseModel):
    """Of a refund and its query."""

    refund_id: str
    out_refund_no: str
    out_trade_no: str
    status: str
    amount: RefundAmount
    success_time: AwareDatetime | None = None


class RefundReport(BaseModel):
    """Inside a refund's callback."""

    mchid: str
    refund_id: str
    out_refund_no: str
    out_trade_no: str
    refund_status: str
    amount: RefundAmount
    success_time: AwareDatetime | None = None


class Resource(BaseModel):
    """The sealed part of a callback."""

    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str = ""


class Event(BaseModel):
    """A callback."""

    id: str
    create_time: AwareDatetime
    event_type: str
    resource: Resource


class Bill(BaseModel):
    """Where a bill lies, for five minutes, and the SHA-1 of what it unpacks to."""

    download_url: str
    hash_type: str
    hash_value: str


class Problem(BaseModel):
    """Why not."""

    code: str
    message: str = ""
