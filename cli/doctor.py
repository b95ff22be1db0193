"""`hanse doctor`: finds what is wrong with a set-up."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import typer
from redis.asyncio import Redis
from rich.table import Table
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from cli.checks import Check, Verdict, before_start, payment_channels_check, port_checks
from cli.console import DataDir, console, settings_for
from hanse.settings import Settings
from hanse.stack.part import StackError
from hanse.stack.ports import Ports
from hanse.stack.state import StackState, read_state
from hanse.stack.temporal import SEARCH_ATTRIBUTES
from search.configured import open_engine
from search.query import SearchQuery
from stores.migrations import DATABASES, head_of, revision_of

_PATIENCE = 5.0
_MARKS = {"ok": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[dim]–[/]"}


def doctor(data_dir: DataDir = None) -> None:
    """Look at everything Hanse needs and say the next step for each failure. Exit code 1 when something is wrong."""
    settings = settings_for(data_dir)
    checks = asyncio.run(_examine(settings))
    table = Table("", "check", "found", "next step")
    for check in checks:
        table.add_row(_MARKS[check.verdict], check.what, check.found, check.next_step)
    console.print(table)
    if any(check.verdict == "failed" for check in checks):
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Check]:
    state = read_state(settings.data_dir)
    running = [part.name for part in state.parts] if state is not None and state.is_running() else []
    checks = before_start(settings.data_dir)
    checks += [_stack(settings.data_dir, state)]
    if not running:
        checks += port_checks(Ports().by_name())
    checks += await asyncio.gather(*(probe.run(settings, expected=probe.part in running) for probe in _PROBES))
    checks.append(await _migrations(settings, expected="postgres" in running))
    checks.append(payment_channels_check(settings))
    checks.append(await _search(settings, expected="postgres" in running))
    return checks


def _stack(data_dir: Path, state: StackState | None) -> Check:
    if state is None:
        return Check("Stack", "skipped", "not running", "`hanse up`")
    if state.is_running():
        waiting = [part.name for part in state.parts if part.state != "ready"]
        if not waiting:
            return Check("Stack", "ok", f"pid {state.supervisor.pid}")
        return Check("Stack", "failed", f"not ready: {', '.join(waiting)}", f"Read {data_dir}/logs")
    left = [part.name for part in state.parts if part.process and part.process.is_alive()]
    if left:
        return Check("Stack", "failed", f"was killed and left {', '.join(left)} running", "`hanse down`")
    return Check("Stack", "skipped", "was killed; nothing is left running", "`hanse up`")


@dataclass(frozen=True)
class _Probe:
    """Asks one part whether it answers at the address of its setting."""

    what: str
    part: str
    setting: str
    ask: Callable[[Settings], Awaitable[str]]

    async def run(self, settings: Settings, *, expected: bool) -> Check:
        """`expected` says the running stack has this part; one named by an address of its own is expected always."""
        address = getattr(settings, self.setting)
        named = read_state(settings.data_dir) is None and address != Settings.model_fields[self.setting].default
        try:
            found = await asyncio.wait_for(self.ask(settings), _PATIENCE)
        except Exception as fault:  # whatever a client raises: it does not answer
            place = address.rpartition("@")[2]
            if not (expected or named):
                return Check(self.what, "skipped", f"{place} does not answer", "`hanse up`")
            reason = str(fault).strip() or type(fault).__name__
            step = f"Read the log in {settings.data_dir}/logs, or correct HANSE_{self.setting.upper()}"
            return Check(self.what, "failed", f"{place}: {reason}", step)
        return Check(self.what, "ok", found)


async def _ask_postgres(settings: Settings) -> str:
    connection = await asyncpg.connect(settings.postgres_url)
    try:
        version = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    return f"PostgreSQL {version}"


async def _ask_redis(settings: Settings) -> str:
    async with Redis.from_url(settings.redis_url) as client:
        return f"Redis {(await client.info('server'))['redis_version']}"


async def _ask_kafka(settings: Settings) -> str:
    host, _, port = settings.kafka_bootstrap.split(",")[0].rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    return settings.kafka_bootstrap


async def _ask_temporal(settings: Settings) -> str:
    client = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=settings.temporal_namespace)
    )
    missing = sorted(set(SEARCH_ATTRIBUTES) - set(answer.custom_attributes))
    if missing:
        raise StackError(f"search attributes are missing: {', '.join(missing)}")
    return f"{settings.temporal_address}, namespace {settings.temporal_namespace}"


async def _search(settings: Settings, *, expected: bool) -> Check:
    """The chosen engine answers a question; whether what it finds is right, the drift check knows."""
    what = f"Search engine ({settings.search_engine})"
    try:
        async with asyncio.timeout(_PATIENCE), open_engine(settings) as engine:
            found = await engine.search(SearchQuery(limit=0))
    except Exception as fault:  # whatever a client raises: it does not answer
        if not (expected or settings.search_engine == "meilisearch"):
            return Check(what, "skipped", "does not answer", "`hanse up`")
        step = (
            "Correct HANSE_MEILI_URL and HANSE_MEILI_KEY"
            if settings.meili_url
            else "`hanse migrate`, then see PostgreSQL above"
        )
        return Check(what, "failed", str(fault).strip() or type(fault).__name__, step)
    return Check(what, "ok", f"{found.total:,}{'' if found.total_is_exact else ' or more'} products can be found")


async def _ask_api(settings: Settings) -> str:
    return await _get(f"{settings.api_url}/readyz")


async def _ask_payment_sandbox(settings: Settings) -> str:
    return await _get(f"{settings.sandbox_payment_url}/healthz")


async def _ask_carrier_sandbox(settings: Settings) -> str:
    return await _get(f"{settings.sandbox_carrier_url}/healthz")


async def _get(url: str) -> str:
    async with httpx.AsyncClient() as client:
        (await client.get(url)).raise_for_status()
    return url


_PROBES = (
    _Probe("PostgreSQL", "postgres", "postgres_url", _ask_postgres),
    _Probe("Redis", "redis", "redis_url", _ask_redis),
    _Probe("Kafka broker", "kafka", "kafka_bootstrap", _ask_kafka),
    _Probe("Temporal", "temporal", "temporal_address", _ask_temporal),
    _Probe("API", "api", "api_url", _ask_api),
    _Probe("Payment sandbox", "payment-sandbox", "sandbox_payment_url", _ask_payment_sandbox),
    _Probe("Carrier sandbox", "carrier-sandbox", "sandbox_carrier_url", _ask_carrier_sandbox),
)


async def _migrations(settings: Settings, *, expected: bool) -> Check:
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await asyncio.gather(*(revision_of(settings.dsn(name)) for name in DATABASES))
    except (OSError, asyncpg.PostgresError) as fault:
        verdict: Verdict = "failed" if expected else "skipped"
        return Check("Migrations", verdict, f"cannot be read: {str(fault) or 'no answer'}", "See PostgreSQL above")
    behind = [name for name, revision in zip(DATABASES, found, strict=True) if revision != head_of(name)]
    if behind:
        return Check("Migrations", "failed", f"not at head: {', '.join(behind)}", "`hanse migrate`")
    return Check("Migrations", "ok", f"{len(DATABASES)} databases at head")
