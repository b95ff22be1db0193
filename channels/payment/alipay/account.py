"""Who we are to Alipay, and by what we know it."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey


@dataclass(frozen=True)
class AlipayAccount:
    """One application of one merchant."""

    gateway: str
    app_id: str
    seller_id: str
    """The merchant's user id (PID, 2088…): money must go there."""
    private_key: RSAPrivateKey = field(repr=False)
    """The application's; its public half is registered at Alipay."""
    public_keys: tuple[RSAPublicKey, ...] = field(repr=False)
    """Alipay's, newest first. More than one while Alipay's key is being changed."""
