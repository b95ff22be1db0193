"""How long `hanse up` takes on a new data folder until a first order can be placed."""

import asyncio
import secrets
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.ground import log_in
from benchmarks.wire import Wire
from hanse.stack.ports import Ports, is_free

_PATIENCE = 120.0


async def first_order_after() -> float:
    """Seconds from starting `hanse up`, demo goods and all, until an order was answered with 201."""
    base = _free_base()
    with tempfile.TemporaryDirectory(prefix="hanse-bench-", ignore_cleanup_errors=True) as folder:
        with (Path(folder) / "up.log").open("wb") as log:
            begun = time.perf_counter()
            shop = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "cli.main", "up", "--data-dir", f"{folder}/data", "--port-base", str(base)),
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
        try:
            await asyncio.wait_for(_first_order(f"http://127.0.0.1:{Ports.from_base(base).api}"), _PATIENCE)
            return time.perf_counter() - begun
        finally:
            shop.send_signal(signal.SIGINT)
            await shop.wait()


def _free_base() -> int:
    while True:
        base = Ports.free().postgres
        if all(map(is_free, Ports.from_base(base).by_name().values())):
            return base


async def _first_order(api_url: str) -> None:
    """Try until it works, as an impatient buyer would."""
    while True:
        wire = Wire(api_url)
        try:
            await _order(wire, await log_in(api_url))
        except Exception:
            await asyncio.sleep(0.2)
        else:
            return
        finally:
            await wire.close()


async def _order(wire: Wire, token: str) -> None:
    headers = {"authorization": f"Bearer {token}", "idempotency-key": secrets.token_hex(12)}
    address = (await wire.call("GET", "/v1/addresses", headers))[0]["id"]
    product = (await wire.call("GET", "/v1/products", headers))["items"][0]["spu_id"]
    sku = (await wire.call("GET", f"/v1/products/{product}", headers))["skus"][0]["sku_id"]
    basket = {"lines": [{"sku_id": sku, "quantity": 1}], "address_id": address}
    await wire.call("POST", "/orders", headers, {"basket": basket})
