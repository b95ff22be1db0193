"""What every engine promises (`search/engine.py`), as tests that run on each of them.

A module that has an engine subclasses `EngineContract` and gives two fixtures: `new_engine` of module scope, which makes an empty
prepared one at each call, and `engine_away`, whose server cannot be reached. Tests that only read share what they read.
"""

from tests.integration.search.asking import NewEngine, holds
from tests.integration.search.contract_of_searching import FilterContract, LanguageContract
from tests.integration.search.contract_of_typing import OddInputContract, SuggestContract
from tests.integration.search.contract_of_writing import BuildContract, HeldContract, PatchContract, WritingContract

__all__ = ["EngineContract", "NewEngine", "holds"]


class EngineContract(
    WritingContract,
    PatchContract,
    FilterContract,
    LanguageContract,
    SuggestContract,
    HeldContract,
    BuildContract,
    OddInputContract,
):
    """All of it."""
