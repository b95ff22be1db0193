"""What a buyer sees and can do on the sandbox's cashier page."""

import asyncio
import re
from datetime import timedelta

import httpx
import pytest

from channels.payment.contract import CallbackKind, PaymentState
from channels.payment.sandbox_channel import SandboxChannel
from tests.integration.channels.payment_contract import asking, now
from tests.integration.channels.sandbox_server import CallbackInbox, SandboxServer


async def test_the_page_shows_what_is_paid_in_the_language_asked_for(
    channel: SandboxChannel, inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    created = await channel.create(asking(inbox, 123_456, language="zh", metadata={"instalments": "8"}))
    chinese = await http.get(created.cashier_url)
    assert chinese.status_code == 200
    for text in ("1,234.56 CNY", "Two books and a lamp", "立即支付", "信用卡", 'lang="zh-CN"', "<dd>8</dd>"):
        assert text in chinese.text
    assert "Pay now" in (await http.get(created.cashier_url + "?lang=en")).text


async def test_nothing_the_merchant_wrote_becomes_markup_or_script(
    channel: SandboxChannel, inbox: CallbackInbox, sandbox: SandboxServer, http: httpx.AsyncClient
) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x>"
    created = await channel.create(asking(inbox, description=evil, metadata={"instalments": evil}))
    for url in (created.cashier_url, sandbox.url + "/"):
        page = await http.get(url)
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text


async def test_only_script_of_the_page_itself_may_run(
    channel: SandboxChannel, inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    created = await channel.create(asking(inbox))
    first, second = await http.get(created.cashier_url), await http.get(created.cashier_url)
    policy = first.headers["content-security-policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
    assert nonce is not None
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert set(re.findall(r"<(?:script|style)[^>]*>", first.text)) == {
        f'<script nonce="{nonce[1]}">',
        f'<style nonce="{nonce[1]}">',
    }
    assert nonce[1] not in second.headers["content-security-policy"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", 'http://x/"><script>'])
async def test_a_return_address_that_is_not_of_the_web_is_refused(
    channel: SandboxChannel, inbox: CallbackInbox, address: str
) -> None:
    with pytest.raises(ValueError, match="return_url"):
        await channel.create(asking(inbox, return_url=address))


async def test_pressing_pay_pays_and_leads_back_to_the_shop(
    channel: SandboxChannel, inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    request = asking(inbox, return_url="http://127.0.0.1:9/orders/1?tab=2")
    created = await channel.create(request)
    after = await http.post(created.cashier_url + "/act", data={"action": "pay", "lang": "en"}, follow_redirects=True)
    assert str(after.url) == created.cashier_url + "?lang=en"
    back = f"http://127.0.0.1:9/orders/1?tab=2&amp;attempt={request.attempt}&amp;result=paid"
    assert f'content="3;url={back}"' in after.text
    assert f'href="{back}"' in after.text
    assert (await channel.query(created.channel_reference)).status is PaymentState.PAID
    assert (await inbox.wait_for(1))[0].kind is CallbackKind.PAYMENT_PAID


async def test_pressing_decline_closes_and_is_reported(
    channel: SandboxChannel, inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    created = await channel.create(asking(inbox))
    after = await http.post(created.cashier_url + "/act", data={"action": "decline"}, follow_redirects=True)
    assert "This payment is closed" in after.text
    assert (await channel.query(created.channel_reference)).status is PaymentState.CLOSED
    [callback] = await inbox.wait_for(1)
    assert (callback.kind, callback.reason) == (CallbackKind.PAYMENT_CLOSED, "declined")


async def test_a_button_that_loses_the_callback_does_only_that(
    channel: SandboxChannel, inbox: CallbackInbox, sandbox: SandboxServer, http: httpx.AsyncClient
) -> None:
    request = asking(inbox)
    created = await channel.create(request)
    assert (await http.post(created.cashier_url + "/act", data={"action": "lost"})).status_code == 303
    assert (await channel.query(created.channel_reference)).status is PaymentState.PAID
    assert [entry["rule"] for entry in await sandbox.injected() if entry["subject"] == request.attempt] == ["lost"]
    assert inbox.accepted == []


async def test_paying_twice_or_at_once_from_two_windows_pays_once(
    channel: SandboxChannel, inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    created = await channel.create(asking(inbox))
    answers = await asyncio.gather(*(http.post(created.cashier_url + "/pay") for _ in range(10)))
    assert {answer.json()["status"] for answer in answers} == {"paid"}
    await inbox.wait_for(1)
    await asyncio.sleep(0.1)
    assert len(inbox.accepted) == 1


async def test_a_closed_payment_cannot_be_paid(
    channel: SandboxChannel, inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    created = await channel.create(asking(inbox))
    await channel.close(created.channel_reference)
    answer = await http.post(created.cashier_url + "/pay")
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_closed")
    pressed = await http.post(created.cashier_url + "/act", data={"action": "pay"}, follow_redirects=True)
    assert "This payment is closed" in pressed.text
    assert (await channel.query(created.channel_reference)).status is PaymentState.CLOSED


async def test_a_payment_whose_time_is_up_closes_by_itself_and_is_reported(
    channel: SandboxChannel, inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    created = await channel.create(asking(inbox, expires_at=now() + timedelta(seconds=0.4)))
    [callback] = await inbox.wait_for(1)
    assert (callback.kind, callback.reason) == (CallbackKind.PAYMENT_CLOSED, "expired")
    assert (await http.post(created.cashier_url + "/pay")).status_code == 409


async def test_the_page_can_ask_how_it_stands(
    channel: SandboxChannel, inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    created = await channel.create(asking(inbox))
    assert (await http.get(created.cashier_url + "/status")).json()["status"] == "pending"
    await http.post(created.cashier_url + "/pay")
    assert (await http.get(created.cashier_url + "/status")).json()["status"] == "paid"


async def test_a_program_can_be_sent_back_like_a_browser(
    channel: SandboxChannel, inbox: CallbackInbox, http: httpx.AsyncClient
) -> None:
    request = asking(inbox)
    created = await channel.create(request)
    answer = await http.post(created.cashier_url + "/pay?then=return", json={"faults": "doubled:2"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{request.return_url}?attempt={request.attempt}&result=paid"
    assert len(await inbox.wait_for(2)) == 2


async def test_a_wrong_link_is_explained(sandbox: SandboxServer, http: httpx.AsyncClient) -> None:
    page = await http.get(f"{sandbox.url}/cashier/sbx_nobody?lang=zh")
    assert page.status_code == 404
    assert "没有这笔支付" in page.text


async def test_the_operator_sees_each_payment_with_its_callback_tries(
    channel: SandboxChannel, inbox: CallbackInbox, sandbox: SandboxServer, http: httpx.AsyncClient
) -> None:
    request = asking(inbox, metadata={"faults": "forged"})
    created = await channel.create(request)
    await http.post(created.cashier_url + "/pay")
    await inbox.wait_for(1)
    when = (await http.get(sandbox.url + "/")).text.split(request.attempt)[1].split(" UTC")[0].split("· ")[1]
    await sandbox.shows(f"{request.attempt} card · {when} UTC 123.45 CNY paid payment_paid: delivered , 2, 200")
