"""What operators may do with accounts and roles, and what is written down about it."""

import asyncio

import asyncpg
import pytest

from tests.integration.users.shop import Person, Shop

ACCOUNTS = "/v1/operators/accounts"


async def _etag(operator: Person, path: str) -> dict[str, str]:
    answer = await operator.http.get(path)
    assert answer.status_code == 200, answer.text
    return {"if-match": answer.headers["etag"]}


async def _set_roles(operator: Person, user: Person, *roles: str) -> int:
    path = f"{ACCOUNTS}/{user.id}"
    answer = await operator.http.put(f"{path}/roles", json={"roles": roles}, headers=await _etag(operator, path))
    return answer.status_code


@pytest.mark.parametrize("path", [ACCOUNTS, "/v1/operators/roles", "/v1/operators/audit-log"])
async def test_a_customer_gets_nowhere_near(shop: Shop, path: str) -> None:
    anna = await shop.customer()
    answer = await anna.http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")
    assert (await shop.stranger().http.get(path)).status_code == 401


async def test_contacts_are_masked_unless_the_operator_talks_to_customers(shop: Shop) -> None:
    anna = await shop.customer("anna@example.com")
    agent, admin = await shop.operator("service"), await shop.operator("administrator")
    await _set_up_role(admin, "reader", ["accounts"])
    reader = await shop.operator("reader")
    seen = (await agent.http.get(f"{ACCOUNTS}/{anna.id}")).json()
    masked = (await reader.http.get(f"{ACCOUNTS}/{anna.id}")).json()
    assert (seen["email"], seen["display_name"]) == ("anna@example.com", "Anna")
    assert (masked["email"], masked["display_name"]) == ("a***@example.com", "A***")
    assert "anna@example.com" not in (await reader.http.get(ACCOUNTS)).text


async def _set_up_role(admin: Person, name: str, permissions: list[str]) -> None:
    answer = await admin.http.put(
        f"/v1/operators/roles/{name}", json={"title": name, "permissions": permissions}, headers={"if-match": '"0"'}
    )
    assert answer.status_code == 200, answer.text


async def test_accounts_are_found_by_contact_and_listed_in_pages(shop: Shop) -> None:
    agent = await shop.operator("service")
    people = [await shop.customer() for _ in range(3)]
    found = (await agent.http.get(ACCOUNTS, params={"contact": people[1].contact})).json()
    assert [account["id"] for account in found["items"]] == [people[1].id]
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        params = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        answer = (await agent.http.get(ACCOUNTS, params=params)).json()
        seen += [account["id"] for account in answer["items"]]
        cursor = answer["next"]
    assert cursor is None
    assert sorted(seen) == sorted([agent.id, *(person.id for person in people)])
    operators = (await agent.http.get(ACCOUNTS, params={"operators_only": "true"})).json()
    assert [account["id"] for account in operators["items"]] == [agent.id]


async def test_a_role_gives_permissions_and_taking_it_away_stops_them_at_once(shop: Shop) -> None:
    admin, olga = await shop.operator("administrator"), await shop.customer()
    assert await _set_roles(admin, olga, "service") == 200
    assert not await olga.is_let_in()
    await olga.log_in()
    assert (await olga.http.get(ACCOUNTS)).status_code == 200
    assert await _set_roles(admin, olga) == 200
    assert (await olga.http.get(ACCOUNTS)).status_code == 401
    await olga.log_in()
    assert (await olga.http.get(ACCOUNTS)).status_code == 403


async def test_an_edited_role_logs_its_holders_out(shop: Shop) -> None:
    admin, agent = await shop.operator("administrator"), await shop.operator("service")
    path = "/v1/operators/roles/service"
    ask = {"title": "Customer service", "permissions": ["orders"]}
    assert (await admin.http.put(path, json=ask, headers=await _etag(admin, path))).status_code == 200
    assert not await agent.is_let_in()
    await agent.log_in()
    assert (await agent.http.get(ACCOUNTS)).status_code == 403


async def test_a_disabled_account_is_out_at_once_and_stays_out(shop: Shop) -> None:
    admin, anna = await shop.operator("administrator"), await shop.customer()
    assert await anna.is_let_in()
    path = f"{ACCOUNTS}/{anna.id}"
    ask = {"status": "disabled", "reason": "fraud"}
    assert (await admin.http.put(f"{path}/status", json=ask, headers=await _etag(admin, path))).status_code == 200
    assert not await anna.is_let_in()
    assert (await anna.refresh()).status_code == 401
    assert (await anna.log_in()).json()["code"] == "credentials_wrong"
    ask = {"status": "active", "reason": "mistake"}
    await admin.http.put(f"{path}/status", json=ask, headers=await _etag(admin, path))
    assert (await anna.log_in()).status_code == 200


async def test_of_two_operators_who_edit_one_account_the_second_is_told(shop: Shop) -> None:
    admin, other, anna = (
        await shop.operator("administrator"),
        await shop.operator("administrator"),
        await shop.customer(),
    )
    path = f"{ACCOUNTS}/{anna.id}"
    etag = await _etag(admin, path)
    answers = await asyncio.gather(
        *(op.http.put(f"{path}/roles", json={"roles": ["finance"]}, headers=etag) for op in (admin, other))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_an_edit_without_if_match_is_refused(shop: Shop) -> None:
    admin, anna = await shop.operator("administrator"), await shop.customer()
    answer = await admin.http.put(f"{ACCOUNTS}/{anna.id}/roles", json={"roles": []})
    assert (answer.status_code, answer.json()["code"]) == (428, "if_match_missing")
    answer = await admin.http.put(f"{ACCOUNTS}/{anna.id}/roles", json={"roles": []}, headers={"if-match": "W/x"})
    assert answer.status_code == 422


async def test_nobody_changes_their_own_access(shop: Shop) -> None:
    admin = await shop.operator("administrator")
    assert await _set_roles(admin, admin) == 409
    path = f"{ACCOUNTS}/{admin.id}"
    ask = {"status": "disabled", "reason": "me"}
    answer = await admin.http.put(f"{path}/status", json=ask, headers=await _etag(admin, path))
    assert answer.json()["code"] == "own_access"


async def test_nobody_hands_out_or_takes_away_more_than_they_have(shop: Shop) -> None:
    admin, anna = await shop.operator("administrator"), await shop.customer()
    await _set_up_role(admin, "registrar", ["accounts"])
    registrar = await shop.operator("registrar")
    assert await _set_roles(registrar, anna, "finance") == 403
    assert await _set_roles(registrar, admin) == 403
    assert await _set_roles(registrar, anna, "registrar") == 200
    path = "/v1/operators/roles/registrar"
    ask = {"title": "Registrar", "permissions": ["accounts", "finance"]}
    answer = await registrar.http.put(path, json=ask, headers=await _etag(registrar, path))
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


async def test_a_role_that_does_not_exist_is_refused_and_nothing_changes(shop: Shop) -> None:
    admin, anna = await shop.operator("administrator"), await shop.customer()
    assert await _set_roles(admin, anna, "finance", "emperor") == 422
    assert (await admin.http.get(f"{ACCOUNTS}/{anna.id}")).json()["roles"] == []


async def test_an_operator_removes_a_lost_second_factor_and_ends_sessions(shop: Shop) -> None:
    admin, anna = await shop.operator("administrator"), await shop.customer()
    none = await admin.http.delete(f"{ACCOUNTS}/{anna.id}/second-factor")
    assert none.json()["code"] == "second_factor_off"
    async with shop.db.reader() as connection:
        await connection.execute("UPDATE users SET totp_secret = '\\x00' WHERE id = $1", anna.id)
    assert (await admin.http.delete(f"{ACCOUNTS}/{anna.id}/second-factor")).status_code == 204
    assert (await anna.log_in()).status_code == 200
    assert (await admin.http.delete(f"{ACCOUNTS}/{anna.id}/sessions")).json() == {"ended": 2}
    assert not await anna.is_let_in()


async def test_every_action_is_written_down_before_and_after(shop: Shop) -> None:
    admin, anna = await shop.operator("administrator"), await shop.customer()
    await _set_roles(admin, anna, "finance")
    await _set_roles(admin, anna, "emperor")
    log = (await admin.http.get("/v1/operators/audit-log", params={"subject": anna.id})).json()["items"]
    assert [(e["phase"], e["details"]) for e in reversed(log)] == [
        ("intended", {"roles": ["finance"]}),
        ("done", {}),
        ("intended", {"roles": ["emperor"]}),
        ("refused", {"code": "role_unknown"}),
    ]
    assert {(e["operator_id"], e["action"]) for e in log} == {(admin.id, "users.assign_roles")}
    assert log[0]["intent"] == log[1]["id"]


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET action = 'x.y'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
async def test_the_database_refuses_to_change_the_audit_log(shop: Shop, statement: str) -> None:
    admin, anna = await shop.operator("administrator"), await shop.customer()
    await _set_roles(admin, anna, "finance")
    async with shop.ops.reader() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await connection.execute(statement)
        await connection.execute("SET session_replication_role = replica")  # a way round ordinary triggers
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await connection.execute(statement)
        await connection.execute("RESET session_replication_role")


async def test_ensuring_an_operator_twice_at_once_makes_one_account(shop: Shop) -> None:
    made = await asyncio.gather(*(shop.make_operator("root@example.com", "hash", ["administrator"]) for _ in range(5)))
    assert len(set(made)) == 1
    kept = await shop.make_operator("root@example.com", "another hash", ["finance"])
    account = await shop.users.accounts.get(kept)
    assert account.roles == ("administrator", "finance")
    credentials, _ = await shop.users.accounts.credentials(kept)
    assert credentials.password_hash == "hash"
