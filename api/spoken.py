"""The base of what only the api speaks."""

import warnings

from pydantic import ConfigDict
from pydantic.warnings import UnsupportedFieldAttributeWarning

from models.shared import Frozen

# FastAPI hands pydantic each parameter with its name as an alias, and silences what pydantic says to that where it builds at once.
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)


class Spoken(Frozen):
    """A shape of requests or answers that no other layer knows.

    What checks and writes it is built by the first request that needs it, and so is what FastAPI makes of it: all of them
    together take a process 10 MB, and a shop's buyers and operators need few of them in a day.
    """

    model_config = ConfigDict(defer_build=True)
