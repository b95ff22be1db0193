"""`python -m tests.contract [schemathesis options]`: start a shop of its own, try its contract as three kinds of people.

Every request Schemathesis makes up must be answered as the OpenAPI document says: with a documented status, a body of the
documented shape, and never with a failure on our side. Exit 1 if one was not. The seed it prints repeats a run (`--seed`).

What a person may do is tried with many requests; what only is refused to them (no log-in, no permission) with the examples.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.everything import ids_seen_by, something_of_everything, victims
from tests.e2e.calls import Caller
from tests.e2e.running import RunningShop, running_shop
from tests.openapi import document

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
ENDS_THE_SESSION = {"users_log_out_everywhere", "users_log_out"}
"""Left out: the run would go on as nobody. `tests/integration/users/test_sessions.py` has them."""
STREAMS = {"orders_follow"}
"""Left out: an answer that takes ten minutes. `tests/integration/api/test_following_an_order.py` has it."""
PROGRAM = os.environ.get("SCHEMATHESIS", str(Path(sys.executable).with_name("schemathesis")))
HOOKS = Path(__file__).with_name("hooks.py")


@dataclass(frozen=True)
class Person:
    """Someone as whom every operation is tried."""

    name: str
    who: Caller

    def may(self, says: dict[str, Any]) -> bool:
        """Whether more than a refusal is to be expected."""
        if self.name == "nobody":
            return not says["security"] or {} in says["security"]
        return self.name == "operator" or "x-permissions" not in says


def operations_of(person: Person, *, granted: bool) -> list[str]:
    """The ids of operations that this person may do, or may not. What is served bare and under /v1 is tried once in depth."""
    found = []
    for path, methods in document()["paths"].items():
        for says in methods.values():
            twin = f"/v1{path}" in document()["paths"]
            left_out = says["operationId"] in ENDS_THE_SESSION | STREAMS
            if person.may(says) == granted and not left_out and not (granted and twin):
                found.append(says["operationId"])
    return found


async def main(options: list[str]) -> int:
    """The number of people whose run found something."""
    with tempfile.TemporaryDirectory(prefix="hanse-contract-", ignore_cleanup_errors=True) as folder:
        async with running_shop(Path(folder), hasty=False) as shop:
            buyer = await something_of_everything(shop)
            nobody = Caller(shop.http, shop.settings.api_url)
            people = [Person("operator", shop.operator), Person("buyer", buyer), Person("nobody", nobody)]
            failed = [person.name for person in people if not await _try(shop, person, Path(folder), options)]
    sys.stdout.write(f"\nContract: {', '.join(failed) or 'nobody'} found answers that it does not name.\n")
    return len(failed)


async def _try(shop: RunningShop, person: Person, folder: Path, options: list[str]) -> bool:
    """Whether everything was answered as documented."""
    ids, started = folder / f"ids-{person.name}.json", time.monotonic()
    ids.write_text(json.dumps(await ids_seen_by(person.who) | await victims(shop)))
    deep = ("--phases", "examples,coverage,fuzzing", "--max-examples", "15")
    shallow = ("--phases", "examples", "--max-examples", "1")
    counts: Counts = {}
    fine = True
    for granted, how in ((True, deep), (False, shallow)):
        operations = operations_of(person, granted=granted)
        if operations:
            sys.stdout.write(
                f"\n──── as {person.name}, {'what is granted' if granted else 'what is refused'} " + "─" * 40 + "\n"
            )
            sys.stdout.flush()
            written = folder / f"counts-{person.name}-{granted}.json"
            environment = {"HANSE_CONTRACT_IDS": str(ids), "HANSE_CONTRACT_COUNTS": str(written)}
            fine &= await _run(shop, person.who, operations, [*how, *options], environment)
            counts |= json.loads(written.read_text()) if written.exists() else {}
    _sum_up(person, counts, time.monotonic() - started)
    return fine


Counts = dict[str, dict[str, int]]
"""How often each operation was answered with each status."""


async def _run(
    shop: RunningShop, who: Caller, operations: list[str], options: list[str], environment: dict[str, str]
) -> bool:
    login = [] if who.token is None else ["--header", f"Authorization: Bearer {who.token}"]
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        "run",
        f"{shop.settings.api_url}/openapi.json",
        *login,
        *("--checks", ",".join(CHECKS)),
        *("--include-operation-id-regex", f"^({'|'.join(operations)})$"),
        "--continue-on-failure",
        *("--generation-database", "none"),
        *("--request-timeout", "30"),
        *options,
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(HOOKS)} | environment,
    )
    return await process.wait() == 0


def _sum_up(person: Person, counts: Counts, seconds: float) -> None:
    """How much was tried, and what was only ever refused although it might have been granted."""
    asked = sum(sum(statuses.values()) for statuses in counts.values())
    known = {f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods}
    counts = {
        name: statuses for name, statuses in counts.items() if name in known
    }  # others: a method that is not offered
    classes = {first: sum(n for by in counts.values() for s, n in by.items() if s[0] == first) for first in "2345"}
    never = sorted(name for name, by in counts.items() if not any(status.startswith("2") for status in by))
    told = ", ".join(f"{n} × {first}xx" for first, n in classes.items() if n)
    sys.stdout.write(f"\nAs {person.name}: {len(counts)} operations, {asked} requests in {seconds:.0f} s: {told}.\n")
    if person.name == "operator" and never:
        sys.stdout.write(f"Never granted: {', '.join(never)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if not Path(PROGRAM).exists():
        sys.exit(f"There is no {PROGRAM}. `make contract` installs it; or name one with SCHEMATHESIS=…")
    sys.exit(min(1, asyncio.run(main(sys.argv[1:]))))
