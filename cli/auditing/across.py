"""What two domains must agree on. No query joins their databases: both are read, and compared here."""

from collections.abc import Iterator

from temporalio.client import Client, WorkflowExecutionStatus

from cli.auditing.findings import Finding, Section
from models.aftersales.rules import FINAL
from models.aftersales.types import AftersaleCase, AftersaleState
from models.orders.types import OrderStanding, OrderStatus
from models.payments.types import PaymentBalance, RefundReason
from models.shared import Money
from models.shared.ids import RefundId
from stores.aftersales import AftersaleStore
from stores.inventory import InventoryStore
from stores.orders import OrderStore
from stores.payments import PaymentStore
from stores.promotions import BenefitStore


async def money_of_orders(orders: OrderStore, payments: PaymentStore) -> Section:
    """Invariant 2 across: what is kept for an order is what its state says it should hold. What a channel charged back is the
    shop's loss and not the order's refund: the order should hold it still, and a cancelled order cannot give it back."""
    balances = {balance.order_id: balance async for balance in payments.balances()}
    found: list[Finding] = []
    count = 0
    async for order in orders.standings():
        count += 1
        found += _money_breaks(order, balances.pop(order.order_id, None))
    found += [
        Finding("payment_without_order", order_id, f"{balance.kept} is kept for an order that does not exist")
        for order_id, balance in balances.items()
        if balance.going_back + balance.charged_back < balance.kept
    ]
    return Section(
        "Money of orders: captured − refunded is what the order should hold", f"{count} orders", tuple(found)
    )


def _money_breaks(order: OrderStanding, balance: PaymentBalance | None) -> Iterator[Finding]:
    kept = balance.kept.minor if balance else 0
    going_back = balance.going_back.minor if balance else 0
    charged_back = balance.charged_back.minor if balance else 0
    match order.status:
        case OrderStatus.PAID | OrderStatus.COMPLETED:
            wanted = order.total.minor - order.refunded.minor
            if not kept - going_back <= wanted <= kept:
                detail = f"holds {kept}, should hold {wanted} ({order.status}); {going_back} is on its way back"
                yield Finding("kept_differs", order.order_id, detail)
        case OrderStatus.CANCELLED:
            if kept > going_back + charged_back:
                detail = f"cancelled, yet {kept} is kept, {going_back} goes back and {charged_back} was charged back"
                yield Finding("cancelled_but_kept", order.order_id, detail)
        case OrderStatus.PENDING_PAYMENT:
            if balance is None and order.total.minor > 0:
                yield Finding("payment_missing", order.order_id, "waits for a payment that was never opened")


async def orders_and_workflows(client: Client, orders: OrderStore) -> Section:
    """Invariant 4: an unfinished order has exactly one running workflow; a closed workflow's order is final."""
    running, closed = await _checkouts(client)
    found: list[Finding] = []
    count = 0
    async for order in orders.standings():
        count += 1
        runs = order.order_id in running
        if order.status in (OrderStatus.PENDING_PAYMENT, OrderStatus.PAID) and not runs:
            detail = f"is {order.status}, its workflow is {closed.get(order.order_id, 'missing')}"
            found.append(Finding("order_without_workflow", order.order_id, detail))
        elif order.status is OrderStatus.CANCELLED and runs:
            found.append(Finding("workflow_of_ended_order", order.order_id, "is cancelled, its workflow still runs"))
    return Section("Orders and workflows agree", f"{count} orders, {len(running)} running checkouts", tuple(found))


async def holds_and_workflows(client: Client, inventory: InventoryStore) -> Section:
    """Stock is held only for a checkout that runs."""
    holds = await inventory.held_orders()
    running, _ = await _checkouts(client)
    found = [
        Finding("hold_without_workflow", order_id, "stock is held, but no checkout runs that would give it back")
        for order_id in holds
        if order_id not in running
    ]
    return Section("Holds: stock is held only for a running checkout", f"{len(holds)} holds", tuple(found))


async def transfers_and_workflows(client: Client, inventory: InventoryStore) -> Section:
    """A transfer that has not ended has its process: someone is reminded of it, and can tell what became of it."""
    unfinished = await inventory.open_transfers()
    query = "WorkflowType = 'Transfer' AND ExecutionStatus = 'Running'"
    running = {execution.id.removeprefix("transfer/") async for execution in client.list_workflows(query)}
    found = [
        Finding("transfer_without_workflow", transfer_id, "has not ended, but no process of it runs")
        for transfer_id in unfinished
        if transfer_id not in running
    ]
    return Section("Transfers: each that has not ended has its process", f"{len(unfinished)} transfers", tuple(found))


async def aftersales_and_their_money(
    client: Client, cases: AftersaleStore, orders: OrderStore, payments: PaymentStore
) -> Section:
    """A case that has not ended has its process and its units; one that paid has its refund, to the cent."""
    every = await cases.all_cases()
    claims, paid = await orders.claims_open(), await payments.went_back(RefundReason.AFTERSALE)
    query = "WorkflowType = 'Aftersale' AND ExecutionStatus = 'Running'"
    running = {execution.id.removeprefix("aftersale/") async for execution in client.list_workflows(query)}
    found: list[Finding] = []
    for case in every:
        broken = list(_case_breaks(case, case.aftersale_id in running, case.aftersale_id in claims, paid))
        if broken and (await cases.case(case.aftersale_id)).version == case.version:  # not one that just moved
            found += broken
    known = {case.aftersale_id for case in every}
    found += [
        Finding("claim_without_case", order_id, f"{aftersale_id} speaks of its units, and no process of it runs")
        for aftersale_id, order_id in claims.items()
        if aftersale_id not in known and aftersale_id not in running
    ]
    return Section("After-sales: each has its process, its units and its refund", f"{len(every)} cases", tuple(found))


def _case_breaks(case: AftersaleCase, runs: bool, claims: bool, paid: dict[RefundId, Money]) -> Iterator[Finding]:
    subject, ended = case.aftersale_id, case.state in FINAL
    if not ended and not runs:
        yield Finding("case_without_workflow", subject, f"is {case.state}, but no process of it runs")
    if not ended and case.state is not AftersaleState.REFUNDING and not claims:
        yield Finding("case_without_units", subject, f"is {case.state}, but speaks of no units of {case.order_id}")
    if ended and claims:
        yield Finding("claim_left_behind", subject, f"is {case.state}, but still speaks of units of {case.order_id}")
    if case.state is AftersaleState.REFUNDED and case.refunded is not None and case.refunded.minor:
        went = paid.get(case.refund_id) if case.refund_id else None
        if went != case.refunded:
            yield Finding("refund_differs", subject, f"says {case.refunded} went back, its refund says {went}")


async def benefits_and_workflows(client: Client, benefits: BenefitStore) -> Section:
    """Coupons, points and uses of rules are held only for a checkout that runs."""
    holds = await benefits.held_orders()
    running, _ = await _checkouts(client)
    found = [
        Finding(
            "benefits_without_workflow", order_id, "holds coupons or points, but no checkout runs that gives them back"
        )
        for order_id in holds
        if order_id not in running
    ]
    return Section(
        "Benefits: coupons and points are held only for a running checkout", f"{len(holds)} holds", tuple(found)
    )


async def _checkouts(client: Client) -> tuple[set[str], dict[str, str]]:
    """Order ids of running checkouts, and how the closed ones closed."""
    running: set[str] = set()
    closed: dict[str, str] = {}
    async for execution in client.list_workflows("WorkflowType = 'Checkout'"):
        order_id = execution.id.removeprefix("checkout/")
        if execution.status is WorkflowExecutionStatus.RUNNING:
            running.add(order_id)
        elif execution.status is not None:
            closed[order_id] = execution.status.name.lower()
    return running, closed
