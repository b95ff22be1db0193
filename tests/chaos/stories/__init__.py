"""What people do in the shop while faults happen; importing this makes all of it known in `stage.STORIES`."""

from tests.chaos.stories import background, buying, goods, parcels, returning

__all__ = ["background", "buying", "goods", "parcels", "returning"]
