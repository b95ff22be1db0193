"""`python -m tests.contract [schemathesis options]`: start a shop of its own, try its contract as three kinds of people.

Every request Schemathesis makes up must be answered as the OpenAPI document says: with a documented status, a body of the
documented shape, and never with a failure on our side. Exit 1 if one was not. The seed it prints repeats a run (`--seed`).
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.e2e.calls import Buyer, Operator
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop, running_shop

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
ENDS_THE_SESSION = (
    r"^/v1/sessions$|^/v1/sessions/(current|\{session_id\})$|/accounts/\{user_id\}/(sessions|status|roles)$"
)
"""Left out: Schemathesis reads its own ids in answers, uses them, and the run would go on as nobody."""
STREAMS = r"/events$"
"""Left out: answers that take ten minutes."""
PROGRAM = os.environ.get("SCHEMATHESIS", str(Path(sys.executable).with_name("schemathesis")))


async def main(options: list[str]) -> int:
    """The number of people whose run found something."""
    with tempfile.TemporaryDirectory(prefix="hanse-contract-", ignore_cleanup_errors=True) as folder:
        async with running_shop(Path(folder)) as shop:
            buyer = await _something_of_everything(shop)
            people: dict[str, Operator | Buyer | None] = {"operator": shop.operator, "buyer": buyer, "nobody": None}
            failed = [name for name, who in people.items() if await _run(shop, name, who, options)]
    sys.stdout.write(f"\nContract: {', '.join(failed) or 'nobody'} found answers that it does not name.\n")
    return len(failed)


async def _something_of_everything(shop: RunningShop) -> Buyer:
    buyer = await shop.buyer()
    good = await Shelves(shop.operator).good(1_000)
    order = await buyer.placed(good.sku_id)
    await buyer.pay(order["order_id"])
    await buyer.until(order["order_id"], "paid")
    return buyer


async def _run(shop: RunningShop, name: str, who: Operator | Buyer | None, options: list[str]) -> bool:
    sys.stdout.write(f"\n──── as {name} " + "─" * 60 + "\n")
    sys.stdout.flush()
    login = [] if who is None else ["--header", f"Authorization: Bearer {who.token}"]
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        "run",
        f"{shop.settings.api_url}/openapi.json",
        *login,
        *("--checks", ",".join(CHECKS)),
        *("--exclude-path-regex", f"{STREAMS}|{ENDS_THE_SESSION}"),
        *("--phases", "examples,coverage,fuzzing"),
        *("--max-examples", "30"),
        "--continue-on-failure",
        *("--generation-database", "none"),
        *("--request-timeout", "30"),
        *options,
    )
    return await process.wait() != 0


if __name__ == "__main__":
    if not Path(PROGRAM).exists():
        sys.exit(f"There is no {PROGRAM}. `make contract` installs it; or name one with SCHEMATHESIS=…")
    sys.exit(min(1, asyncio.run(main(sys.argv[1:]))))
