"""Where a shop without a mail or SMS provider keeps its messages."""

import asyncio
import stat
from pathlib import Path

from channels.notification import texts
from channels.notification.sandbox import SandboxNotifier
from models.users.rules import parse_contact

ANNA, BERTA = parse_contact("anna@example.com"), parse_contact("berta@example.com")


async def test_messages_are_read_newest_first_by_receiver(tmp_path: Path) -> None:
    sandbox = SandboxNotifier(tmp_path / "made by the first message")
    assert await sandbox.latest(None, 10) == []
    for code in ("111111", "222222"):
        await sandbox.send(texts.verification_code(ANNA, code))
    await sandbox.send(texts.account_exists(BERTA))
    newest = await sandbox.latest(ANNA.value, 1)
    assert "222222" in newest[0].text
    assert [message.to for message in await sandbox.latest(None, 10)] == [BERTA, ANNA, ANNA]


async def test_many_messages_at_once_all_arrive_whole(tmp_path: Path) -> None:
    processes = [SandboxNotifier(tmp_path) for _ in range(4)]
    await asyncio.gather(*(p.send(texts.verification_code(ANNA, f"{i:06d}")) for p in processes for i in range(50)))
    assert len(await processes[0].latest(None, 1000)) == 200


async def test_nobody_else_on_the_machine_reads_the_messages(tmp_path: Path) -> None:
    await SandboxNotifier(tmp_path).send(texts.no_account(ANNA))
    assert stat.S_IMODE((tmp_path / "outbox.jsonl").stat().st_mode) == 0o600


async def test_a_full_outbox_starts_anew(tmp_path: Path) -> None:
    (tmp_path / "outbox.jsonl").write_bytes(b"\n" * (4 * 1024 * 1024 + 1))
    sandbox = SandboxNotifier(tmp_path)
    await sandbox.send(texts.no_account(ANNA))
    assert len(await sandbox.latest(None, 10)) == 1
