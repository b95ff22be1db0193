"""What all domains speak: money, ids, time, refusals and the frozen value they are all built on."""

from models.shared.frozen import Frozen
from models.shared.ids import Id
from models.shared.money import Money, MoneyMismatch
from models.shared.refusals import Refusal
from models.shared.time import Instant

__all__ = ["Frozen", "Id", "Instant", "Money", "MoneyMismatch", "Refusal"]
