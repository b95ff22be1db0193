"""The parts of database `payments`, as one store."""

from stores.payments.adjusting import Adjusting
from stores.payments.amounts import Amounts
from stores.payments.attempts import Attempts
from stores.payments.audit import Audit
from stores.payments.callbacks import Callbacks
from stores.payments.chargebacks import Chargebacks
from stores.payments.comparing import Comparing
from stores.payments.ledger import Ledger
from stores.payments.payments import Payments
from stores.payments.refund_reading import RefundReading
from stores.payments.refunds import Refunds
from stores.payments.reports import Reports
from stores.payments.settling import Settling
from stores.payments.statements import Statements


class PaymentStore(
    Payments,
    Amounts,
    Attempts,
    Settling,
    Callbacks,
    Refunds,
    RefundReading,
    Chargebacks,
    Adjusting,
    Ledger,
    Audit,
    Statements,
    Comparing,
    Reports,
):
    """What database `payments` can do, atomically and idempotently."""
