"""A shop with something of everything in it, and the ids of it all: what Schemathesis makes up is mostly about these."""

import asyncio
import re
import sys
from collections import defaultdict
from typing import Any

from tests.e2e.calls import Buyer, Caller, said
from tests.e2e.running import RunningShop
from tests.integration.api.belongings import complained, upload
from tests.integration.api.keyed import goods, selling, service  # noqa: F401 # they register their recipes
from tests.integration.api.keyed.scene import RECIPES, Bought, Scene
from tests.integration.api.knocking import UNKNOWN_BODY, kinds_of_ids
from tests.openapi import document

_AT_ONCE = 4
_ID = re.compile(r"\b[a-z]{2,4}_[0-9abcdefghjkmnpqrstvwxyz]{26}\b")
_KEPT = 12
"""Ids of a kind; the latest."""

_FOLLOWED = 6
"""Ids of a kind behind which more is looked for."""
_PICTURE = re.compile(r"/media/([0-9a-f]{64}(?:-small)?\.webp)")

Ids = dict[str, list[str]]
"""By their prefix; names and numbers by how a path begins that takes them."""
NAMES: Ids = {
    "/v1/carriers/{name}": ["sandbox"],
    "/payment-channels/{name}": ["sandbox", "wechat_pay"],
    "/v1/payment-channels/{name}": ["sandbox", "wechat_pay"],
}


class OneBuyer(Scene):
    """The recipes of the idempotency tests, all of one buyer."""

    def __init__(self, shop: RunningShop, buyer: Buyer) -> None:
        super().__init__(shop)
        self._buyer = buyer

    async def buyer(self) -> Buyer:
        """Always the same."""
        return self._buyer

    async def case(self, kind: str, bought: Bought | None = None, **told: Any) -> tuple[Bought, str]:
        """As for others, although somebody with so many cases has each of them audited."""
        bought, case = await super().case(kind, bought, **told)
        state = (await self._buyer.read(f"/v1/aftersales/{case}"))["state"]
        if state == "auditing" and "reason" not in told:
            await self.decides(case, "audit", {"approve": True})
        return bought, case


async def victims(shop: RunningShop) -> Ids:
    """Accounts that may be disabled, and sessions that may end: with those of the run itself it would go on as nobody."""
    accounts = [(await someone.read("/v1/users/me"))["id"] for someone in await shop.buyers(4)]
    return {"/v1/operators/accounts/{user_id}": accounts, "/v1/sessions/{session_id}": [f"ses_{UNKNOWN_BODY}"]}


async def something_of_everything(shop: RunningShop) -> Buyer:
    """A buyer who has orders, parcels, cases, reviews in many states; half of what could be asked of them has been."""
    buyer = await shop.buyer()
    scene, turn = OneBuyer(shop, buyer), asyncio.Semaphore(_AT_ONCE)

    async def prepared(operation: str) -> None:
        async with turn:
            for asked in (False, True):
                ask = await RECIPES[operation].make(scene)
                if asked:
                    sent = {"json": ask.body} if ask.content is None else {"content": ask.content}
                    await ask.who.post(ask.path, headers=ask.headers, **sent)

    await scene.good()  # its merchant is there before everybody wants one
    done = await asyncio.gather(*(prepared(operation) for operation in sorted(RECIPES)), return_exceptions=True)
    for operation, failure in zip(sorted(RECIPES), done, strict=True):
        if failure is not None:
            sys.stdout.write(f"Not prepared, {operation}: {failure!r:.300}\n")
    if sum(failure is not None for failure in done) > len(done) // 10:
        raise RuntimeError("too little of the shop could be prepared")
    await _the_rest(scene, buyer)
    return buyer


async def _the_rest(scene: Scene, buyer: Buyer) -> None:
    """What takes no Idempotency-Key."""
    operator = scene.operator
    bought = await scene.arrived()
    await complained(buyer, bought.order_id, bought.good.sku_id)
    said(await upload(buyer), 201)
    said(await buyer.post("/v1/cart/lines", {"sku_id": bought.good.sku_id, "quantity": 1}), 200)
    said(await operator.post("/v1/catalogue/brands", {"code": "hansa", "name": "Hansa"}), 201)
    templates = await operator.read("/v1/operators/coupon-templates?status=active")
    path = f"/v1/operators/coupon-templates/{templates['items'][0]['template_id']}/batches"
    made = await operator.post(path, {"label": "A fair", "codes": 3})
    assert made.status_code == 201, made.text


async def ids_seen_by(who: Caller) -> Ids:
    """What this person finds in every list, and behind the first ids of every kind; names, by the path that takes them."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    reads = [(path, methods["get"]) for path, methods in document()["paths"].items() if "get" in methods]
    for path, says in reads:
        if "{" not in path:
            await _look(who, path, says, found)
    for path, says in reads:
        kinds = [kind for p in says.get("parameters", []) if p["in"] == "path" for kind in kinds_of_ids(p["schema"])]
        if path.count("{") == 1 and kinds and not path.endswith("/events"):
            for id_ in list(found[kinds[0]])[:_FOLLOWED]:
                await _look(who, re.sub(r"\{\w+\}", id_, path), says, found)
    return NAMES | {kind: list(ids)[:_KEPT] for kind, ids in found.items()}


async def _look(who: Caller, path: str, says: dict[str, Any], found: defaultdict[str, dict[str, None]]) -> None:
    limited = any(parameter["name"] == "limit" for parameter in says.get("parameters", []))
    answer = await who.get(path, params={"limit": 50} if limited else {})
    if answer.status_code != 200 or "json" not in answer.headers["content-type"]:
        return
    for id_ in _ID.findall(answer.text):
        found[id_.split("_")[0]].setdefault(id_)
    found["/media/{name}"] |= dict.fromkeys(_PICTURE.findall(answer.text))
    if path == "/v1/reconciliations":
        found["/v1/reconciliations/{number}"] |= dict.fromkeys(str(each["number"]) for each in answer.json()["items"])
    if path == "/v1/operators/roles":
        found["/v1/operators/roles/{name}"] |= dict.fromkeys(role["name"] for role in answer.json())
