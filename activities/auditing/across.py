"""What two domains must agree on. No query joins their databases: both are read, and compared here, in bounded memory: what
is kept at once is what is in flight, never what is done."""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from activities.auditing.running import running, runs, status_of
from models.aftersales.rules import FINAL
from models.aftersales.types import AftersaleCase, AftersaleState
from models.auditing.types import Finding, Invariant, Section
from models.orders.types import OrderStanding, OrderStatus
from models.payments.types import PaymentBalance
from models.shared.ids import OrderId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from temporalio.client import Client

    from models.shared import Money
    from models.shared.ids import RefundId
    from stores.aftersales import AftersaleStore
    from stores.inventory import InventoryStore
    from stores.orders import OrderStore
    from stores.payments import PaymentStore
    from stores.promotions import BenefitStore

_CASES_AT_ONCE = 500


# ---- money -----------------------------------------------------------------------------------------------------------


async def money_of_orders(orders: "OrderStore", payments: "PaymentStore") -> Section:
    """Invariant 2 across: what is kept for an order is what its state says it should hold. What a channel charged back is the
    shop's loss and not the order's refund: the order should hold it still, and a cancelled order cannot give it back."""
    found: list[Finding] = []
    count = 0
    async for order, balance in _side_by_side(orders.standings(), payments.balances()):
        if order is not None:
            count += 1
            found += _money_breaks(order, balance)
        elif balance is not None and balance.going_back + balance.charged_back < balance.kept:
            detail = f"{balance.kept} is kept for an order that does not exist"
            found.append(Finding(check="payment_without_order", subject=balance.order_id, detail=detail))
    return Section.of(
        Invariant.ORDERS_AND_MONEY,
        "Money of orders: captured − refunded is what the order should hold",
        f"{count} orders",
        found,
    )


async def _side_by_side(
    orders: "AsyncIterator[OrderStanding]", balances: "AsyncIterator[PaymentBalance]"
) -> "AsyncIterator[tuple[OrderStanding | None, PaymentBalance | None]]":
    """Every order with its payment, and what has no partner alone. Both come in the order of order ids (`COLLATE "C"`, as Python
    compares them)."""
    order, balance = await anext(orders, None), await anext(balances, None)
    while order is not None or balance is not None:
        if balance is None or (order is not None and order.order_id < balance.order_id):
            yield order, None
            order = await anext(orders, None)
        elif order is None or balance.order_id < order.order_id:
            yield None, balance
            balance = await anext(balances, None)
        else:
            yield order, balance
            order, balance = await anext(orders, None), await anext(balances, None)


def _money_breaks(order: OrderStanding, balance: PaymentBalance | None) -> Iterator[Finding]:
    kept = balance.kept.minor if balance else 0
    going_back = balance.going_back.minor if balance else 0
    charged_back = balance.charged_back.minor if balance else 0
    undecided = balance.undecided.minor if balance else 0
    match order.status:
        case OrderStatus.PAID | OrderStatus.COMPLETED:
            wanted = order.total.minor - order.refunded.minor
            if not kept - going_back <= wanted <= kept:
                detail = f"holds {kept}, should hold {wanted} ({order.status}); {going_back} is on its way back"
                yield Finding(check="kept_differs", subject=order.order_id, detail=detail)
        case OrderStatus.CANCELLED:
            if kept > going_back + charged_back + undecided:
                detail = (
                    f"cancelled, yet {kept} is kept, {going_back} goes back, {undecided} waits for a decision and"
                    f" {charged_back} was charged back"
                )
                yield Finding(check="cancelled_but_kept", subject=order.order_id, detail=detail)
        case OrderStatus.PENDING_PAYMENT:
            if balance is None and order.total.minor > 0:
                detail = "waits for a payment that was never opened"
                yield Finding(check="payment_missing", subject=order.order_id, detail=detail)


# ---- workflows -------------------------------------------------------------------------------------------------------


async def orders_and_workflows(client: "Client", orders: "OrderStore") -> Section:
    """Invariant 4: an unfinished order has exactly one running workflow; a closed workflow's order is final."""
    listed = await running(client, "Checkout", "checkout/")
    found: list[Finding] = []
    seen = 0
    ended = {OrderId(order_id) for order_id in listed}
    async for order in orders.unfinished():
        seen += 1
        ended.discard(order.order_id)
        if order.order_id not in listed:  # the list is a little late: this one is asked for by itself
            found += await _without_its_workflow(client, order)
    for order in await orders.standings_of(sorted(ended)):
        if order.status is OrderStatus.CANCELLED:
            found += await _with_a_workflow_still(client, order)
    looked_at = f"{seen} unfinished orders, {len(listed)} running checkouts"
    return Section.of(Invariant.ORDERS_AND_WORKFLOWS, "Orders and workflows agree", looked_at, found)


async def _without_its_workflow(client: "Client", order: OrderStanding) -> list[Finding]:
    status = await status_of(client, f"checkout/{order.order_id}")
    if status == "running":
        return []
    detail = f"is {order.status}, its workflow is {status}"
    return [Finding(check="order_without_workflow", subject=order.order_id, detail=detail)]


async def _with_a_workflow_still(client: "Client", order: OrderStanding) -> list[Finding]:
    if await status_of(client, f"checkout/{order.order_id}") != "running":
        return []
    detail = "is cancelled, its workflow still runs"
    return [Finding(check="workflow_of_ended_order", subject=order.order_id, detail=detail)]


async def holds_and_workflows(client: "Client", inventory: "InventoryStore") -> Section:
    """Stock is held only for a checkout that runs."""
    holds = await inventory.held_orders()
    detail = "stock is held, but no checkout runs that would give it back"
    found = await _without_checkout(client, holds, check="hold_without_workflow", detail=detail)
    title = "Holds: stock is held only for a running checkout"
    return Section.of(Invariant.HOLDS_AND_WORKFLOWS, title, f"{len(holds)} holds", found)


async def benefits_and_workflows(client: "Client", benefits: "BenefitStore") -> Section:
    """Coupons, points and uses of rules are held only for a checkout that runs."""
    holds = await benefits.held_orders()
    detail = "holds coupons or points, but no checkout runs that gives them back"
    found = await _without_checkout(client, holds, check="benefits_without_workflow", detail=detail)
    title = "Benefits: coupons and points are held only for a running checkout"
    return Section.of(Invariant.BENEFITS_AND_WORKFLOWS, title, f"{len(holds)} holds", found)


async def _without_checkout(client: "Client", holds: "Sequence[OrderId]", *, check: str, detail: str) -> list[Finding]:
    listed = await running(client, "Checkout", "checkout/")
    return [
        Finding(check=check, subject=order_id, detail=detail)
        for order_id in holds
        if not await runs(client, listed, "checkout/", order_id)
    ]


async def transfers_and_workflows(client: "Client", inventory: "InventoryStore") -> Section:
    """A transfer that has not ended has its process: someone is reminded of it, and can tell what became of it."""
    unfinished = await inventory.open_transfers()
    listed = await running(client, "Transfer", "transfer/")
    found = [
        Finding(
            check="transfer_without_workflow", subject=transfer_id, detail="has not ended, but no process of it runs"
        )
        for transfer_id in unfinished
        if not await runs(client, listed, "transfer/", transfer_id)
    ]
    return Section.of(
        Invariant.TRANSFERS_AND_WORKFLOWS,
        "Transfers: each that has not ended has its process",
        f"{len(unfinished)} transfers",
        found,
    )


# ---- after-sales -----------------------------------------------------------------------------------------------------


async def aftersales_and_their_money(
    client: "Client", cases: "AftersaleStore", orders: "OrderStore", payments: "PaymentStore"
) -> Section:
    """A case that has not ended has its process and its units; one that paid has its refund, to the cent."""
    claims, listed = await orders.claims_open(), await running(client, "Aftersale", "aftersale/")
    orphans = dict(claims)
    found: list[Finding] = []
    count = 0
    async for page in cases.pages_of_cases(_CASES_AT_ONCE):
        count += len(page)
        paid = await payments.went_back([case.refund_id for case in page if case.refund_id])
        for case in page:
            orphans.pop(case.aftersale_id, None)
            found += await _case_breaks(client, case, listed, case.aftersale_id in claims, paid)
    found += [
        Finding(
            check="claim_without_case",
            subject=order_id,
            detail=f"{aftersale_id} speaks of its units, and no process of it runs",
        )
        for aftersale_id, order_id in orphans.items()
        if not await runs(client, listed, "aftersale/", aftersale_id)
    ]
    return Section.of(
        Invariant.AFTERSALES_AND_MONEY,
        "After-sales: each has its process, its units and its refund",
        f"{count} cases",
        found,
    )


async def _case_breaks(
    client: "Client",
    case: AftersaleCase,
    listed: set[str],
    claims: bool,
    paid: "Mapping[RefundId, Money]",
) -> list[Finding]:
    def broken(check: str, detail: str) -> Finding:
        return Finding(check=check, subject=case.aftersale_id, detail=f"is {case.state}, but {detail}")

    found: list[Finding] = []
    ended = case.state in FINAL
    if not ended and not await runs(client, listed, "aftersale/", case.aftersale_id):
        found.append(broken("case_without_workflow", "no process of it runs"))
    if not ended and case.state is not AftersaleState.REFUNDING and not claims:
        found.append(broken("case_without_units", f"speaks of no units of {case.order_id}"))
    if ended and claims:
        found.append(broken("claim_left_behind", f"still speaks of units of {case.order_id}"))
    if case.state is AftersaleState.REFUNDED and case.refunded is not None and case.refunded.minor:
        went = paid.get(case.refund_id) if case.refund_id else None
        if went != case.refunded:
            found.append(broken("refund_differs", f"of {case.refunded} its refund says that {went} went back"))
    return found
