"""The sandbox, on its real server, keeps every promise of a payment channel."""

from tests.integration.channels.payment_contract import PaymentChannelContract


class TestSandboxHonoursTheContract(PaymentChannelContract):
    """All of the contract; fixtures come from this folder's conftest."""
