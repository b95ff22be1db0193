"""One trace from an HTTP request through a workflow, its activity, SQL and Redis to a Kafka consumer."""

import asyncio
import re
import secrets
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import uvicorn
from aiokafka import AIOKafkaConsumer
from fastapi import APIRouter, FastAPI
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.bus import BusActivities
from bus.consumer import Consumer
from bus.envelope import Envelope, decode
from bus.publisher import Publisher
from bus.seen import RedisSeenEvents
from hanse.context import bind, current
from hanse.database import Database
from hanse.http_telemetry import instrument
from hanse.metrics import http_active_requests, serve_metrics
from hanse.settings import Settings
from hanse.telemetry import setup_telemetry, temporal_runtime
from hanse.temporal import connect
from models.orders.events import OrderCancelled, OrderCreated
from models.orders.types import CancelReason
from models.shared.events import Event, EventBatch
from models.shared.ids import OrderId, UserId
from models.shared.money import Money
from tests.integration.telemetry.telling import Announcing, Telling

pytestmark = pytest.mark.stack
NOW = datetime(2026, 5, 1, tzinfo=UTC)
QUEUE = "telling"


class Telephone:
    """The activity's dependencies, as a wiring would build them."""

    def __init__(self, database: Database, redis: Redis, publisher: Publisher) -> None:
        self.database = database
        self.redis = redis
        self.publisher = publisher

    @activity.defn(name="store_and_tell")
    async def store_and_tell(self, order_id: str) -> str:
        async with self.database.reader() as reader:
            await reader.fetchval("SELECT $1::text", order_id)
        await self.redis.set(f"told:{order_id}", "secret-value")
        if order_id == "impossible":
            raise ValueError("no phone 13812345678")
        user = UserId.derive(NOW, "buyer")
        event = OrderCreated(occurred_at=NOW, order_id=OrderId(order_id), user_id=user, total=Money(minor=1), lines=())
        await self.publisher.publish([event])
        return order_id


class Collector(InMemorySpanExporter):
    """Gets the spans of this process in place of the collector that `otlp_endpoint` would name."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._telemetry = setup_telemetry(settings, "hanse-test", exporter=self)

    def spans(self) -> list[ReadableSpan]:
        """All that ended until now, in the order they began."""
        self._telemetry.provider.force_flush()
        return sorted(self.get_finished_spans(), key=lambda span: span.start_time or 0)


@pytest.fixture(scope="module")
def collector(settings: Settings) -> Collector:
    return Collector(settings)


@pytest.fixture(scope="module")
async def publisher(kafka_bootstrap: str) -> AsyncIterator[Publisher]:
    async with Publisher(kafka_bootstrap) as publisher:
        yield publisher


@pytest.fixture(scope="module")
async def client(collector: Collector, temporal: str, settings: Settings) -> Client:
    return await connect(settings)


@pytest.fixture(scope="module")
async def worker(client: Client, postgres: str, redis_url: str, publisher: Publisher) -> AsyncIterator[Worker]:
    database = await Database(postgres).open()
    async with Redis.from_url(redis_url) as redis:
        telephone = Telephone(database, redis, publisher)
        # redis imports modules when a connection is garbage-collected, which may happen on the sandbox's thread.
        restrictions = SandboxRestrictions.default.with_passthrough_modules("redis")
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[Telling, Announcing],
            activities=[telephone.store_and_tell, BusActivities(publisher).publish_events],
            workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
        ) as worker:
            yield worker
    await database.close()


@pytest.fixture(scope="module")
async def api(client: Client, worker: Worker) -> AsyncIterator[str]:
    """The address of a server with three routes: one that tells, one that breaks, one that shows its log context."""
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})  # as the api: `instrument` does it

    @app.post("/tellings/{order_id}")
    async def tell(order_id: str) -> str:
        return await client.execute_workflow(Telling.run, order_id, id=f"telling/{order_id}", task_queue=QUEUE)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("broken")

    @app.get("/context")
    async def context() -> dict[str, str]:
        bind(user_id="usr_1")
        return dict(current())

    inner, outer = APIRouter(prefix="/in"), APIRouter(prefix="/v1/out")

    @inner.get("/{number}")
    async def nested(number: int) -> int:
        return number

    outer.include_router(inner)
    app.include_router(outer)
    instrument(app)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


def named(spans: list[ReadableSpan], start: str) -> ReadableSpan:
    found = [span for span in spans if span.name.startswith(start)]
    assert found, f"no span {start}… among {[span.name for span in spans]}"
    return found[0]


async def test_a_request_is_one_trace_to_the_last_consumer(
    api: str, collector: Collector, kafka_bootstrap: str, redis_url: str, publisher: Publisher
) -> None:
    order_id = OrderId.mint(NOW, secrets.token_bytes(10))
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{api}/tellings/{order_id}", timeout=60)
    assert answer.json() == order_id
    trace_id = answer.headers["x-trace-id"]

    heard: list[str] = []
    done = asyncio.Event()

    async def listen(envelope: Envelope) -> None:
        if envelope.id.endswith(order_id):
            heard.append(envelope.trace["traceparent"].split("-")[1])
            done.set()

    async with Redis.from_url(redis_url) as redis:
        group = f"trace-{secrets.token_hex(4)}"
        consumer = Consumer(
            kafka_bootstrap,
            group,
            {OrderCreated: listen},
            seen=RedisSeenEvents(redis, group),
            publisher=publisher,
        )
        running = asyncio.create_task(consumer.run())
        await asyncio.wait_for(done.wait(), 30)
        consumer.stop()
        await running

    assert heard == [trace_id]
    spans = [span for span in collector.spans() if span.context and f"{span.context.trace_id:032x}" == trace_id]
    chain = ["POST", "POST /tellings/{order_id}", "StartWorkflow:Telling", "RunWorkflow:Telling"]
    chain += ["StartActivity:store_and_tell", "RunActivity:store_and_tell", "send hanse.orders", "process hanse.orders"]
    found = [named(spans, name) for name in chain]
    assert found[0].parent is None
    for parent, child in pairwise(found):
        assert child.parent is not None
        assert parent.context is not None
        assert child.parent.span_id == parent.context.span_id, f"{child.name} does not follow {parent.name}"
    run = found[5].context
    for name in ("SELECT", "SET"):
        statement = named(spans, name)
        assert statement.parent is not None
        assert run is not None
        assert statement.parent.span_id == run.span_id
        assert "secret-value" not in str(dict(statement.attributes or {}))
    assert [link.context.span_id for link in found[-1].links] == [found[-2].context.span_id]


async def test_a_workflow_publishes_events_of_several_types_in_their_order(
    client: Client, worker: Worker, kafka_bootstrap: str
) -> None:
    order_id = OrderId.mint(NOW, secrets.token_bytes(10))
    user = UserId.derive(NOW, "buyer")
    batch = EventBatch(
        events=(
            OrderCreated(occurred_at=NOW, order_id=order_id, user_id=user, total=Money(minor=1), lines=()),
            OrderCancelled(occurred_at=NOW, order_id=order_id, user_id=user, reason=CancelReason.BY_USER),
        )
    )
    await client.execute_workflow(Announcing.run, batch, id=f"announcing/{order_id}", task_queue=QUEUE)
    arrived: list[Event] = []
    async with AIOKafkaConsumer(
        "hanse.orders", bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        async with asyncio.timeout(20):
            while len(arrived) < 2:
                record = await consumer.getone()
                if record.key == order_id.encode():
                    arrived.append(decode(record.key, record.value, record.headers).event)
    assert tuple(arrived) == batch.events


async def test_a_span_shows_no_personal_data_of_the_exception_it_records(
    api: str, client: Client, collector: Collector, settings: Settings
) -> None:
    with pytest.raises(WorkflowFailureError):
        await client.execute_workflow(
            Telling.run,
            "impossible",
            id=f"telling/{secrets.token_hex(4)}",
            task_queue=QUEUE,
            execution_timeout=timedelta(seconds=3),
        )
    runs = [span for span in collector.spans() if span.name == "RunActivity:store_and_tell" and not span.status.is_ok]
    assert runs
    for span in runs:
        told = span.to_json()
        assert "138****5678" in told
        assert "13812345678" not in told


async def test_what_temporal_stores_of_a_workflow_is_ciphertext(
    api: str, client: Client, temporal_client: Client
) -> None:
    order_id = OrderId.mint(NOW, secrets.token_bytes(10))
    async with httpx.AsyncClient() as http:
        await http.post(f"{api}/tellings/{order_id}", timeout=60)
    history = await temporal_client.get_workflow_handle(f"telling/{order_id}").fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    assert started.input.payloads[0].metadata["encoding"] == b"aes"
    assert order_id.encode() not in started.input.payloads[0].data


async def test_requests_are_measured_by_method_route_and_status(api: str) -> None:
    def count(method: str, route: str, status: str) -> float:
        labels = {"http_request_method": method, "http_route": route, "http_response_status_code": status}
        return REGISTRY.get_sample_value("http_server_request_duration_seconds_count", labels) or 0.0

    wanted = [
        ("GET", "/context", "200"),
        ("GET", "/v1/out/in/{number}", "200"),
        ("GET", "/broken", "500"),
        ("GET", "", "404"),
        ("_OTHER", "/context", "405"),
    ]
    before = [count(*one) for one in wanted]
    async with httpx.AsyncClient(base_url=api) as http:
        await http.get("/context?token=1")
        await http.get("/v1/out/in/17")
        await http.get("/broken")
        await http.get("/nowhere/17")
        await http.request("PROPFIND", "/context")
    after = [count(*one) for one in wanted]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1] * 5
    seen = {value for metric in REGISTRY.collect() for sample in metric.samples for value in sample.labels.values()}
    assert not {"PROPFIND", "/nowhere/17", "/context?token=1"} & seen


async def test_a_request_has_a_log_context_of_its_own_and_its_trace_id_in_the_answer(api: str) -> None:
    async with httpx.AsyncClient(base_url=api) as http:
        first = await http.get("/context", headers={"X-Request-Id": "abc-1"})
        second = await http.get("/context", headers={"X-Request-Id": "x" * 65})
        unknown = await http.get("/nowhere")
        broken = await http.get("/broken")
    assert first.json() == {"request_id": "abc-1", "user_id": "usr_1"}
    assert second.json() == {"user_id": "usr_1"}
    traces = {answer.headers["x-trace-id"] for answer in (first, second, unknown, broken)}
    assert len(traces) == 4


async def test_the_temporal_sdk_and_the_process_serve_metrics_side_by_side(
    collector: Collector, temporal: str, settings: Settings
) -> None:
    port = two_free_ports()
    measured = settings.model_copy(update={"metrics_port": port})
    runtime = temporal_runtime(measured)
    client = await connect(measured, runtime)
    serve_metrics(measured)
    await client.count_workflows()
    http_active_requests.labels("TRACE").inc()
    alerts = (Path(__file__).parents[3] / "deploy/alerts.yml").read_text()
    watched = sorted(set(re.findall(r"increase\((hanse_\w+)_total\[", alerts)))
    async with httpx.AsyncClient() as http:
        begun = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
        for name in watched:
            runtime.metric_meter.create_counter(name).add(1)
        sdk = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
        own = (await http.get(f"http://127.0.0.1:{port + 1}/metrics")).text
    assert [name for name in watched if name in begun] == []  # so the alerts must hear a first count
    assert [name for name in watched if not re.search(rf"^{name}_total(\{{.*\}})? 1$", sdk, re.MULTILINE)] == []
    assert "temporal_request_latency_seconds_bucket" in sdk
    assert 'http_server_active_requests{http_request_method="TRACE"} 1.0' in own


def two_free_ports() -> int:
    """The first of two neighbours that are free now."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
