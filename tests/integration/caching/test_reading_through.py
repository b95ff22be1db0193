"""Copies in Redis: one reader asks the database for all, nothing old comes back after a change, nothing depends on Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from hanse.caching import Breaker, Kind, KnownIds, Loaded, ReadThrough

SECOND = timedelta(seconds=1)
GOODS = Kind("goods", "goods", fresh=60 * SECOND, stale=60 * SECOND)
AGED = Kind("aged", "aged", fresh=timedelta(milliseconds=4), stale=60 * SECOND)
"""What is stale as soon as it is there."""
Process = Callable[[], ReadThrough]


@pytest.fixture
async def process(redis_url: str) -> AsyncIterator[Process]:
    """Opens readers with connections of their own, as other processes have; Redis is empty at first."""
    async with AsyncExitStack() as stack:

        def another() -> ReadThrough:
            client = Redis.from_url(redis_url)
            stack.push_async_callback(client.aclose)
            return ReadThrough(client, Breaker(patience=10))  # a busy machine is no silence

        async with Redis.from_url(redis_url) as client:
            await client.flushdb()
        yield another


class Shelf:
    """A database that counts how often it is asked, and answers when it is let."""

    def __init__(self, **things: str) -> None:
        self.things = things
        self.asked: list[list[str]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.began = asyncio.Event()

    async def load(self, wanted: Collection[str]) -> Mapping[str, Loaded]:
        self.asked.append(list(wanted))
        found = {name: Loaded(self.things[name].encode()) for name in wanted if name in self.things}
        self.began.set()
        await self.may_answer.wait()
        return found


async def test_five_hundred_readers_of_an_expired_copy_make_one_reading_of_the_database(process: Process) -> None:
    shelf, readers = Shelf(a="new"), [process() for _ in range(5)]
    shelf.may_answer.clear()
    reading = asyncio.gather(*(readers[n % 5].one(GOODS, "a", shelf.load) for n in range(500)))
    await shelf.began.wait()
    await asyncio.sleep(0.05)  # time for the others to look, and to wait
    shelf.may_answer.set()
    assert {copy.body for copy in await reading} == {b"new"}
    assert shelf.asked == [["a"]]


async def test_who_finds_a_stale_copy_that_another_reads_anew_shows_it_and_does_not_wait(process: Process) -> None:
    shelf, first, second = Shelf(a="old"), process(), process()
    await first.one(AGED, "a", shelf.load)
    await asyncio.sleep(0.01)
    shelf.things["a"] = "new"
    shelf.may_answer.clear()
    shelf.began.clear()
    anew = asyncio.create_task(first.one(AGED, "a", shelf.load))
    await shelf.began.wait()
    assert (await second.one(AGED, "a", shelf.load)).body == b"old"
    shelf.may_answer.set()
    assert (await anew).body == b"new"
    assert len(shelf.asked) == 2


async def test_what_is_not_there_is_remembered_as_not_there_until_it_is_forgotten(process: Process) -> None:
    shelf, reader = Shelf(), process()
    assert [(await reader.one(GOODS, "a", shelf.load)).body for _ in range(3)] == [None] * 3
    assert len(shelf.asked) == 1
    shelf.things["a"] = "here now"
    assert await process().forget([GOODS], ["a"])
    assert (await reader.one(GOODS, "a", shelf.load)).body == b"here now"


async def test_what_was_read_before_a_change_does_not_come_back_after_it(process: Process) -> None:
    shelf, reader, editor = Shelf(a="old"), process(), process()
    shelf.may_answer.clear()
    slow = asyncio.create_task(reader.one(GOODS, "a", shelf.load))
    await shelf.began.wait()
    shelf.things["a"] = "new"
    await editor.forget([GOODS], ["a"])
    shelf.may_answer.set()
    await slow
    assert (await editor.one(GOODS, "a", shelf.load)).body == b"new"


async def test_a_new_epoch_forgets_everything_of_its_kinds_and_what_is_being_read_for_them(process: Process) -> None:
    shelf, reader, editor = Shelf(a="old", b="old"), process(), process()
    await reader.one(GOODS, "a", shelf.load)
    shelf.may_answer.clear()
    shelf.began.clear()
    slow = asyncio.create_task(reader.one(GOODS, "b", shelf.load))
    await shelf.began.wait()
    shelf.things.update(a="new", b="new")
    await editor.forget(epochs=["goods"])
    shelf.may_answer.set()
    await slow
    copies = await editor.many(GOODS, ["a", "b"], shelf.load)
    assert {name: copy.body for name, copy in copies.items()} == {"a": b"new", "b": b"new"}


async def test_a_process_is_told_once_what_others_changed_since_it_asked(process: Process) -> None:
    reader, editor = process(), process()
    start, all_of_them = await reader.changes(GOODS, 0)
    await editor.forget([GOODS], ["a"])
    await editor.forget([GOODS], ["b"], epochs=["lists"])
    later, changed = await reader.changes(GOODS, start)
    assert (all_of_them, sorted(changed or ())) == (None, ["a", "b"])
    assert await reader.changes(GOODS, later) == (later, [])


async def test_when_not_every_change_is_known_all_count_as_changed(process: Process, redis_url: str) -> None:
    reader, editor = process(), process()
    start, _ = await reader.changes(GOODS, 0)
    await editor.forget(epochs=["goods"])
    anew, of_a_new_epoch = await reader.changes(GOODS, start)
    await editor.forget([GOODS], [str(n) for n in range(1_200)])
    beyond, of_too_many = await reader.changes(GOODS, anew)
    async with Redis.from_url(redis_url) as client:
        await client.flushdb()
    _, of_a_lost_log = await reader.changes(GOODS, beyond)
    assert (of_a_new_epoch, of_too_many, of_a_lost_log) == (None, None, None)


async def test_a_copy_is_not_shown_beyond_a_change_that_is_known_to_come(process: Process) -> None:
    reader, prices = process(), iter((b"before", b"after"))

    async def load(_: Collection[str]) -> Mapping[str, Loaded]:
        return {"a": Loaded(next(prices), holds_for=timedelta(milliseconds=30))}

    copy = await reader.one(GOODS, "a", load)
    assert (copy.body, copy.fresh_for <= 0.03) == (b"before", True)
    await asyncio.sleep(0.05)
    assert (await reader.one(GOODS, "a", load)).body == b"after"


async def test_copies_made_together_do_not_end_together(process: Process) -> None:
    names = [str(n) for n in range(50)]
    copies = await process().many(GOODS, names, Shelf(**dict.fromkeys(names, "x")).load)
    ends = [copy.fresh_for for copy in copies.values()]
    assert max(ends) - min(ends) > 5
    assert min(ends) >= 45


async def test_a_reader_that_fails_or_goes_away_holds_nobody_up(process: Process) -> None:
    reader, other, shelf = process(), process(), Shelf(a="there")

    async def broken(_: Collection[str]) -> Mapping[str, Loaded]:
        raise ConnectionError("the database is away")

    with pytest.raises(ConnectionError):
        await reader.one(GOODS, "a", broken)
    assert (await asyncio.wait_for(other.one(GOODS, "a", shelf.load), 1)).body == b"there"

    shelf.may_answer.clear()
    shelf.began.clear()
    gone = asyncio.create_task(reader.one(GOODS, "b", shelf.load))
    await shelf.began.wait()
    waiting = asyncio.create_task(reader.one(GOODS, "b", shelf.load))
    await asyncio.sleep(0)
    gone.cancel()
    shelf.may_answer.set()
    assert (await waiting).body is None


async def test_without_redis_the_database_answers_and_is_asked_once_for_all_in_a_process() -> None:
    async with Redis.from_url("redis://127.0.0.1:1/0") as nowhere:
        reader, shelf = ReadThrough(nowhere), Shelf(a="right")
        copies = await asyncio.gather(*(reader.one(GOODS, "a", shelf.load) for _ in range(100)))
        assert {copy.body for copy in copies} == {b"right"}
        assert len(shelf.asked) == 1
        shelf.things["a"] = "right, too"
        assert (await reader.one(GOODS, "a", shelf.load)).body == b"right, too"


async def test_a_silent_redis_is_left_alone_and_what_was_to_be_forgotten_meanwhile_is_not_believed_after(
    redis_url: str, process: Process
) -> None:
    shelf, pipe = Shelf(a="old"), await _Pipe(redis_url).open()
    async with Redis.from_url(f"redis://127.0.0.1:{pipe.port}/0") as client:
        reader = ReadThrough(client)
        await reader.one(GOODS, "a", shelf.load)
        pipe.silent.set()
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(50):
            assert (await reader.one(GOODS, "a", shelf.load)).body == b"old"
        assert loop.time() - began < 50 * 0.25 / 2, "every read waited for a time-out"
        shelf.things["a"] = "new"
        assert await reader.forget([GOODS], ["a"]) is False
        pipe.silent.clear()
        await asyncio.sleep(1.05)  # the breaker's rest
        assert (await reader.one(GOODS, "a", shelf.load)).body == b"new"
        assert (await process().one(GOODS, "a", shelf.load)).body == b"new"
    await pipe.close()


class _Pipe:
    """Passes bytes on to Redis, unless it is told to swallow them: a server that is there and does not answer."""

    def __init__(self, redis_url: str) -> None:
        self._port = int(redis_url.rsplit(":", 1)[1].split("/")[0])
        self.silent = asyncio.Event()
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> "_Pipe":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", self._port)
        for source, sink in ((reader, forth), (back, writer)):
            task = asyncio.create_task(self._pass(source, sink))
            self._tasks.add(task)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            if not self.silent.is_set():
                sink.write(data)
        sink.close()


class _Ids:
    """The ids of a database, read by many."""

    def __init__(self, *ids: str) -> None:
        self.ids = set(ids)
        self.statements: list[int] = []

    async def walk(self) -> AsyncIterator[Collection[str]]:
        yield list(self.ids)

    async def existing(self, asked: Collection[str]) -> Collection[str]:
        self.statements.append(len(asked))
        return self.ids & set(asked)


async def test_made_up_ids_cost_one_small_statement_for_a_flood_of_them() -> None:
    database = _Ids(*(f"id{n}" for n in range(1_000)))
    known = KnownIds(database.walk, database.existing)
    await known.build()
    verdicts = await asyncio.gather(*(known.exists(f"made-up{n}") for n in range(500)))
    assert sum(verdicts) < 10, "false alarms go on to the cache"
    assert len(database.statements) == 1
    assert all(await asyncio.gather(*(known.exists(f"id{n}") for n in range(1_000))))
    assert len(database.statements) == 1


async def test_an_id_that_another_process_made_after_the_filter_was_built_is_never_called_unknown() -> None:
    database = _Ids("old")
    known = KnownIds(database.walk, database.existing)
    await known.build()
    for n in range(200):
        database.ids.add(f"new{n}")
        assert await known.exists(f"new{n}")
    asked = len(database.statements)
    assert all(await asyncio.gather(*(known.exists(f"new{n}") for n in range(200))))
    assert len(database.statements) == asked, "they went into the filter"


async def test_while_the_filter_is_not_built_or_the_database_is_away_every_id_may_exist() -> None:
    async def walk() -> AsyncIterator[Collection[str]]:
        raise ConnectionError("away")
        yield []

    async def existing(_: Collection[str]) -> Collection[str]:
        raise ConnectionError("away")

    known = KnownIds(walk, existing)
    assert await known.exists("a")
    built = KnownIds(_Ids("b").walk, existing)
    await built.build()
    assert await built.exists("a")
