"""The rules of the house that linters cannot see, each as a program."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import activities
import workflows
from api.edge.problems import PROBLEM_SCHEMA
from api.errors import STATUS_OF
from models.shared import Refusal

ROOT = Path(__file__).parents[2]
LAYERS = (
    "activities",
    "api",
    "bus",
    "channels",
    "cli",
    "hanse",
    "models",
    "search",
    "stores",
    "web",
    "workers",
    "workflows",
)
DOMAINS = {
    "users", "products", "search", "cart", "promotions", "orders", "inventory", "payments", "fulfillment", "aftersales",
    "reviews", "ops", "points", "flash_sale", "notifications", "webhooks", "auditing", "housekeeping",
}  # fmt: skip
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
BANNED_FILE_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "base"}
LONG_FILES = {
    "activities/payments.py", "models/inventory/types.py", "models/orders/messages.py",
    "models/orders/types.py", "stores/products/editing.py", "stores/promotions/benefits.py",
    "stores/reviews/changing.py",
}  # fmt: skip
"""Above 300 lines, and to be split when they are touched; none may pass 400."""


def source_files() -> Iterator[Path]:
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            if "versions" not in path.parts:
                yield path


def load_everything() -> None:
    for layer in LAYERS:
        for module in pkgutil.walk_packages([str(ROOT / layer)], f"{layer}."):
            if not module.name.endswith("__main__") and ".versions" not in module.name:
                importlib.import_module(module.name)


def test_every_refusal_has_a_status_and_every_status_a_refusal() -> None:
    load_everything()
    codes = set(Refusal.all_codes())
    assert codes - set(STATUS_OF) == set(), "refusals without a line in api/errors.py"
    assert set(STATUS_OF) - codes == set(), "codes in api/errors.py that no refusal has"


def test_no_fact_of_a_refusal_is_called_like_a_member_of_every_problem_document() -> None:
    load_everything()
    kinds, members = {kind.__name__ for kind in Refusal.all_codes().values()}, set(PROBLEM_SCHEMA["properties"])
    hidden = [
        (path.name, node.lineno)
        for path in source_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in kinds
        and members & {keyword.arg for keyword in node.keywords}
    ]
    assert hidden == [], "the caller would never see these facts"


def activity_classes() -> Iterator[type]:
    for module in pkgutil.iter_modules(activities.__path__, "activities."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if kind.__module__ == module.name and kind.__name__.endswith("Activities"):
                yield kind


def test_an_activity_is_registered_as_its_domain_and_its_method() -> None:
    wrong = [
        (kind.__name__, name, definition.name)
        for kind in activity_classes()
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if (definition := getattr(method, "__temporal_activity_definition", None)) is not None
        and definition.name != f"{kind.__module__.rsplit('.', 1)[-1]}.{name}"
    ]
    assert wrong == []


def registered_undo(call: ast.Call) -> str | None:
    """The undo that `….on_failure(X.undo, …)` registers."""
    named = isinstance(call.func, ast.Attribute) and call.func.attr == "on_failure"
    return ast.unparse(call.args[0]) if named else None


def undo_and_do_pairs() -> Iterator[tuple[str, str, str]]:
    """`(file, undo, do)` for each undo that is registered, at once or through a method that only does that, and the first
    `store_call(X.do, …)` after it in the same function."""
    for path in sorted(Path(workflows.__path__[0]).glob("*.py")):
        functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, FUNCTION)]
        registering = {
            function.name: undo
            for function in functions
            for call in ast.walk(function)
            if isinstance(call, ast.Call) and (undo := registered_undo(call)) and function.name.startswith("_undo_")
        }
        for function in functions:
            waiting: str | None = None
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
                name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
                if name == "store_call" and waiting is not None:
                    yield path.name, waiting, ast.unparse(call.args[0])
                    waiting = None
                waiting = registered_undo(call) or registering.get(name) or waiting


def test_an_undo_is_registered_before_its_do_and_stands_right_below_it() -> None:
    pairs = list(undo_and_do_pairs())
    assert len(pairs) >= 3, "the sagas register no undo any more?"
    classes = {kind.__name__: kind for kind in activity_classes()}
    for file, undo, do in pairs:
        (undo_class, undo_name), (do_class, do_name) = undo.split("."), do.split(".")
        assert undo_class == do_class, f"{file}: {undo} undoes a step of another class, {do}"
        methods = [
            name
            for name, method in vars(classes[do_class]).items()
            if hasattr(method, "__temporal_activity_definition")
        ]
        assert methods.index(undo_name) == methods.index(do_name) + 1, f"{undo} does not stand right below {do}"
        assert "Undo of" in (getattr(classes[undo_class], undo_name).__doc__ or ""), (
            f"{undo} does not say it is an undo"
        )


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


SHORT_CALLS = {"STORE_CALL", "OUTSIDE_CALL", "WEBHOOK_CALL"}
"""Half a minute at most (`workflows/options.py`)."""


def test_a_step_that_may_take_minutes_gives_signs_of_life() -> None:
    """Or the death of its worker is noticed when its time is over, and not in seconds."""
    silent, long_ones = [], 0
    for path in sorted((ROOT / "workflows").glob("*.py")):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            told = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg}
            if told.get("start_to_close_timeout", "STORE_CALL") in SHORT_CALLS:
                continue
            long_ones += 1
            if "heartbeat_timeout" not in told:
                silent.append(f"{path.name}:{call.lineno}")
    assert long_ones > 5, "this test looks for the wrong words"
    assert not silent, "steps that may take minutes and never say that they live"


def test_only_stores_and_wiring_open_a_database() -> None:
    engines = ("search/embedded/", "search/meilisearch/", "search/configured.py")
    wiring = ("api/wiring.py", "workers/wiring.py", "workers/counting_wiring.py")
    allowed = ("stores/", "hanse/", "cli/", *wiring, *engines)
    strangers = [
        str(path.relative_to(ROOT))
        for path in source_files()
        if "hanse.database" in imports_of(path) and not str(path.relative_to(ROOT)).startswith(allowed)
    ]
    assert strangers == []


def test_no_file_hides_behind_a_name_that_says_nothing() -> None:
    assert [path.name for path in source_files() if path.stem in BANNED_FILE_NAMES] == []


@pytest.mark.parametrize("layer", ["models", "stores"])
def test_domains_are_spelled_alike_in_every_layer(layer: str) -> None:
    packages = {path.name for path in (ROOT / layer).iterdir() if path.is_dir() and not path.name.startswith("__")}
    assert packages - {"shared", "migrations"} <= DOMAINS


def test_a_file_is_one_thought() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in source_files()}
    long = {name: n for name, n in lines.items() if n > (400 if name in LONG_FILES else 300)}
    assert long == {}, "split these by thought"
    assert [name for name in LONG_FILES if lines.get(name, 0) <= 300] == [], "these need no exception any more"


def test_tests_patch_nothing() -> None:
    marks = ("mocker.patch", "monkeypatch", "mock.patch")
    found = [
        (path.name, mark)
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__)
        for mark in marks
        if mark in path.read_text()
    ]
    assert found == []
