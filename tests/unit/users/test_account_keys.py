"""What a copy of the database does not give away."""

import secrets
from datetime import UTC, datetime

import pytest

from api.credentials.account_keys import AccountKeys
from models.shared.ids import UserId
from models.users.rules import parse_contact
from models.users.types import CodePurpose

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ANNA, BERTA = (UserId.mint(NOW, secrets.token_bytes(10)) for _ in range(2))
KEYS = AccountKeys(b"a key of the tests, 32 bytes long")


def test_a_sealed_secret_opens_for_its_account_only() -> None:
    sealed = KEYS.seal(ANNA, b"secret")
    assert b"secret" not in sealed
    assert KEYS.unseal(ANNA, sealed) == b"secret"
    with pytest.raises(RuntimeError, match=str(BERTA)):
        KEYS.unseal(BERTA, sealed)


def test_a_secret_sealed_under_another_key_is_a_fault_that_says_so() -> None:
    other = AccountKeys(b"another key, of 32 bytes or more!")
    with pytest.raises(RuntimeError, match="HANSE_TOKEN_KEY changed"):
        other.unseal(ANNA, KEYS.seal(ANNA, b"secret"))


def test_a_code_hash_differs_by_key_contact_purpose_and_code() -> None:
    anna, berta = parse_contact("anna@example.com"), parse_contact("berta@example.com")
    other = AccountKeys(b"another key, of 32 bytes or more!")
    hashes = {
        KEYS.code_hash(anna, CodePurpose.REGISTER, "492816"),
        KEYS.code_hash(berta, CodePurpose.REGISTER, "492816"),
        KEYS.code_hash(anna, CodePurpose.RESET_PASSWORD, "492816"),
        KEYS.code_hash(anna, CodePurpose.REGISTER, "492817"),
        other.code_hash(anna, CodePurpose.REGISTER, "492816"),
    }
    assert len(hashes) == 5
