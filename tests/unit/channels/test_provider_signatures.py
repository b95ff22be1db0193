"""Signatures against vectors that we did not make: of the providers' own libraries, else of the `openssl` command.

- WECHATPAY: github.com/wechatpay-apiv3/wechatpay-go at 6dbd7ce (Tencent's library): `utils/sign_test.go` (key, signature of
  "source"), `core/notify/notify_test.go` (a whole callback with certificate, signature and sealed resource),
  `utils/aes_test.go` (AEAD_AES_256_GCM). The text that is signed is that of
  https://pay.weixin.qq.com/docs/merchant/development/interface-rules/build-verify-sign-src.html (the signature printed there
  cannot be checked: its key is not printed).
- OPENSSL: `openssl dgst -sha256 -sign` with that same published test key, and `openssl dgst -sha256 -hmac`, over texts written
  by hand after the providers' pages: Alipay's, https://docs.open.alipay.com/291/106118 (sorted parameters joined by `&`), and
  Stripe's, https://docs.stripe.com/webhooks#verify-manually (`t.body`). Neither provider prints a vector with its key.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from channels.payment import keys
from channels.payment.alipay.signing import genuine_answer, notice_is_genuine, signed_parameters
from channels.payment.contract import ChannelNotice
from channels.payment.errors import CallbackSignatureInvalid, CallbackTimestampStale
from channels.payment.stripe import signing as stripe_signing
from channels.payment.wechat_pay import WechatPayAccount
from channels.payment.wechat_pay.callbacks import read_callback
from channels.payment.wechat_pay.cipher import Undecipherable, decrypt
from channels.payment.wechat_pay.signing import authorization, is_genuine, read_stamp

PUBLISHED_TEST_KEY = """-----BEGIN TESTING KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDZUJN33V+dSfvd
fL0Mu+39XrZNXFFMQSy1V15FpncHeV47SmV0TzTqZc7hHB0ddqAdDi8Z5k3TKqb7
6sOwYr5TcAfuR6PIPaleyE0/0KrljBum2Isa2Nyq7Dgc3ElBQ6YN4l/a+DpvKaz1
FSKmKrhLNskqokWVSlu4g8OlKlbPXQ9ibII14MZRQrrkTmHYHzfi7GXXM0thAKuR
0HNvyhTHBh4/lrYM3GaMvmWwkwvsMavnOex6+eioZHBOb1/EIZ/LzC6zuHArPpyW
3daGaZ1rtQB1vVzTyERAVVFsXXgBHvfFud3w3ShsJYk8JvMwK2RpJ5/gV0QSARcm
LDRUAlPzAgMBAAECggEBAMc7rDeUaXiWv6bMGbZ3BTXpg1FhdddnWUnYE8HfX/km
OFI7XtBHXcgYFpcjYz4D5787pcsk7ezPidAj58zqenuclmjKnUmT3pfbI5eCA2v4
C9HnbYDrmUPK1ZcADtka4D6ScDccpNYNa1g2TFHzkIrEa6H+q7S3O2fqxY/DRVtN
0JIXalBb8daaqL5QVzSmM2BMVnHy+YITJWIkP2a3pKs9C0W65JGDsnG0wVrHinHF
+cnhFZIbaPEI//DAFMc9NkrWOKVRTEgcCUxCFaHOZVNxDWZD7A2ZfJB2rK6eg//y
gEiFDR2h6mTaDowMB4YF2n2dsIO4/dCG8vPHI20jn4ECgYEA/ZGu6lEMlO0XZnam
AZGtiNgLcCfM/C2ZERZE7QTRPZH1WdK92Al9ndldsswFw4baJrJLCmghjF/iG4zi
hhBvLnOLksnZUfjdumxoHDWXo2QBWbI5QsWIE7AuTiWgWj1I7X4fCXSQf6i+M/y2
6TogQ7d0ANpZFyOkTNMn/tiJvLECgYEA22XqlamG/yfAGWery5KNH2DGlTIyd6xJ
WtJ9j3jU99lZ0bCQ5xhiBbU9ImxCi3zgTsoqLWgA/p00HhNFNoUcTl9ofc0G3zwT
D1y0ZzcnVKxGJdZ6ohW52V0hJStAigtjYAsUgjm7//FH7PiQDBDP1Wa6xSRkDQU/
aSbQxvEE8+MCgYEA3bb8krW7opyM0XL9RHH0oqsFlVO30Oit5lrqebS0oHl3Zsr2
ZGgoBlWBsEzk3UqUhTFwm/DhJLTSJ/TQPRkxnhQ5/mewNhS9C7yua7wQkzVmWN+V
YeUGTvDGDF6qDz12/vJAgSwDDRym8x4NcXD5tTw7mmNRcwIfL22SkysThIECgYAV
BgccoEoXWS/HP2/u6fQr9ZIR6eV8Ij5FPbZacTG3LlS1Cz5XZra95UgebFFUHHtC
EY1JHJY7z8SWvTH8r3Su7eWNaIAoFBGffzqqSVazfm6aYZsOvRY6BfqPHT3p/H1h
Tq6AbBffxrcltgvXnCTORjHPglU0CjSxVs7awW3AEQKBgB5WtaC8VLROM7rkfVIq
+RXqE5vtJfa3e3N7W3RqxKp4zHFAPfr82FK5CX2bppEaxY7SEZVvVInKDc5gKdG/
jWNRBmvvftZhY59PILHO2X5vO4FXh7suEjy6VIh0gsnK36mmRboYIBGsNuDHjXLe
BDa+8mDLkWu5nHEhOxy2JJZl
-----END TESTING KEY-----"""
KEY = keys.private_key(PUBLISHED_TEST_KEY.replace("TESTING", "PRIVATE"))
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIDVzCCAj+gAwIBAgIJANfOWdH1ItcBMA0GCSqGSIb3DQEBCwUAMEIxCzAJBgNV
BAYTAlhYMRUwEwYDVQQHDAxEZWZhdWx0IENpdHkxHDAaBgNVBAoME0RlZmF1bHQg
Q29tcGFueSBMdGQwHhcNMjEwNDI3MDg1NTIzWhcNMzEwNDI1MDg1NTIzWjBCMQsw
CQYDVQQGEwJYWDEVMBMGA1UEBwwMRGVmYXVsdCBDaXR5MRwwGgYDVQQKDBNEZWZh
dWx0IENvbXBhbnkgTHRkMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA
2VCTd91fnUn73Xy9DLvt/V62TVxRTEEstVdeRaZ3B3leO0pldE806mXO4RwdHXag
HQ4vGeZN0yqm++rDsGK+U3AH7kejyD2pXshNP9Cq5YwbptiLGtjcquw4HNxJQUOm
DeJf2vg6byms9RUipiq4SzbJKqJFlUpbuIPDpSpWz10PYmyCNeDGUUK65E5h2B83
4uxl1zNLYQCrkdBzb8oUxwYeP5a2DNxmjL5lsJML7DGr5znsevnoqGRwTm9fxCGf
y8wus7hwKz6clt3Whmmda7UAdb1c08hEQFVRbF14AR73xbnd8N0obCWJPCbzMCtk
aSef4FdEEgEXJiw0VAJT8wIDAQABo1AwTjAdBgNVHQ4EFgQUT1c7nd/SUO76HSoZ
umNUJv1R5PwwHwYDVR0jBBgwFoAUT1c7nd/SUO76HSoZumNUJv1R5PwwDAYDVR0T
BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAfTjxKRQMzNB/U6ZoCUS+BSNfa2Oh
0plMN6ZuzwiVVZwg1jywvv5yv04koS7Pd4i9E4gt9ZBUQXlpq+A3oOCEEHNRR6b2
kyazGRM7s0OP5X21WrbpSmKmU6K7hkfx30yYs08LVs/Q8DIhvaj1FCFeJzUCzYn/
fHMq4tsbKO0dKAeydPM/nrUZBmaYQVKMVOORGLFjFKVO7JV6Kq/R86ouhjEPgJOe
2xulNBUcjicqtZlBdEh/PWCYP2SpGVDclKm8jeo175T3EVAkdKzzmfpxtMmnMlmq
cTJOU9TxuGvNASMtjj7pYIerTx+xgZDXEVBWFW9PjJ0TV06tCRsgSHItgg==
-----END CERTIFICATE-----"""
SERIAL = "D7CE59D1F522D701"
SOURCE_SIGNED = (
    "BKyAfU4iMCuvXMXS0Wzam3V/cnxZ+JaqigPM5OhljS2iOT95OO6Fsuml2JkFANJU9K6q9bLlDhPXuoVz+pp4hAm6pHU4ld815U4jsKu1RkyaII"
    "+1CYBUYC8TK0XtJ8FwUXXz8vZHh58rrAVN1XwNyvD1vfpxrMT4SL536GLwvpUHlCqIMzoZUguLli/K8V29QiOhuH6IEqLNJn8e9b3nwNcQ7be3"
    "CzYGpDAKBfDGPCqCv8Rw5zndhlffk2FEA70G4hvMwe51qMN/RAJbknXG23bSlObuTCN7Ndj1aJGH6/L+hdwfLpUtJm4QYVazzW7DFD27EpSQEq"
    "A8bX9+8m1rLg=="
)
CALLBACK_SIGNATURE = (
    "tJHIiIS9eB2hAYstmAmbbD3ZE5LiIm/Ug5tuL4fC0YOFRWIHV39UFIZXC0e9Wl6lBu6sKvkqDkzpqzBsVHyXFlbYZTOQrVdG4b6LfTnK4mikv9"
    "++ixJMd3vTf2yCqvBkh98zs3Ds5zsYQakzbcwhmw4fMJs4nPLws28H0UW9FjDR//rxELLwXvV1VEA1IBLX70xptjL8hrfUjEE8kkry6yNJTHZR"
    "U8CAc7qHli2Ng1V1qb9ARbK8A3ThmFmPQvRGrapI/jS2laKKgYUmfdEdkNO6B2Cke5e8VTxY406ArAmQ90GAihDwIcb16TQMnzCMBoutnwZKNi"
    "KRACrFmtxw2Q=="
)
CALLBACK_SEALED = (
    "YDS3lKPaC4Y52Gf3uhft5qUBlIa8b428AWTtTauHQfQrRw+X1WpiuHIDy0vo1Vd6VEq67aVyqPdDYMkRVSDaZL3iZttevRMOoPKMifozg6XPWj"
    "IZumks/GpT48lI4NizyeaqLBokNebthah3o1H76qSlO9NkDjp9bzmKLEYYH9TEklFUpsvPqOTOcgSLgh21YJXYR7dEBXFgRLiNIKRgO5JdXh1h"
    "ccRUAlyVWxE54PXpnQ=="
)
ALIPAY_REQUEST_SIGNED = (
    "BaOjcNhNYNIk4monWl6I1vz3a57dateitXJyqi0N+bWo8JAJsQsC6tPKAsZV8suwm8wiLpblOipX4TWSKUMx3zhnCfhA3+qUgc+H398SLi2GIG"
    "N70oj86RdPS+eize53d4s8WlDCfZy7IBx2u1ft2EGA/Qd8TFzsgI6Hj4rovcA960GcewKyDFobR2KUwJhQlvJhb/bDBJVgxck0fV5wxnVKNMn5"
    "l0pW/scmyYhcU6jTW146bONPlQwiT/+xIsXFNZ0i/R3/TTrNJYbuNpe8by7Urn5lXACiS93gX2qVIvMv/mjqvLYSJEI2nkRJBvGhzWuT8jDhiz"
    "lYYNG7Ri2FgA=="
)
WECHAT_REQUEST_SIGNED = (
    "RjVFHMcrr9NsM4SiNmpFx6QPR99WztxatBshmr/6f7pXnt2YSPAhmNrEEAjWgpOcf5Zxbwl2qdPACOsEOeGrnLD81nVK3ucJq50iD0FAyF11kn"
    "d1C9ic7zV9Jg3zao0+Wx3yAI6jXx6NLBEfNNspCazrQ+IHsUi04tubSBsT+4LHT9j0rL9axFBl7jVYe7uZ1ZQzap8EokLHDQbYw6qPEOs85+a2"
    "rnudh3TCPe81oUfe0zPqwEE6sWxxeSCYx+1mbURsOAN4Z8/uKgOIZxbDAkqYWFb7VOaHFeejC1rsxUc7wkw0zQWxae1giswROXii1DorwdJ3CG"
    "lPchx0PyDjkQ=="
)
ALIPAY_ANSWER = (
    r'{"code":"10000","msg":"Success","buyer_logon_id":"ji***@163.com","out_trade_no":"20150320010101001",'
    r'"total_amount":"88.88","trade_status":"TRADE_SUCCESS","url":"https:\/\/a.b"}'
)
ALIPAY_ANSWER_SIGNED = (
    "h4fqRwIfqb0z2YmTl15yci/8Lb2OcQpIAlEqdN65voFpVCMwc+BM4f17RzSeYnPXoMudnyjz3raSUOpkfiu6Lz+sWNK0ZUPe7Nh7fZQ+YCmh9c"
    "k5RcMZZm8EcwntygM/ScgllPToENR4G9WKpSAysSGebwV90EGOhl9zZ8yLxVvXOOQtQ1bjhp3x+KkBEdFggT4u6aeazKWBDwqut2YI6g43Oh45"
    "rUI7Y8osOMxv+Heiu327O5SlGV8GvsntXR3DaHRzJ+NBLqGGqxZbLpsQT8P1VDfOsVGrbSkPD/GTXVZjNOa/AWri5t9EqHxcgaEBfb85nJMyPe"
    "jDwq7u9R4czw=="
)
STRIPE_MAC = "88a022085c6bdb887b02cb26ff76dd681234d9675c0f22844059f55552a8883a"

CALLBACK = (
    '{"id":"3119dfba-e649-5eec-ab1e-3412bc4d2e17","create_time":"2021-06-24T16:37:26+08:00","resource_type":"encrypt-resource",'
    '"event_type":"PAYSCORE.USER_OPEN_SERVICE","summary":"签约成功","resource":{"original_type":"payscore",'
    '"algorithm":"AEAD_AES_256_GCM","ciphertext":"' + CALLBACK_SEALED + '","associated_data":"payscore",'
    '"nonce":"Kj7QIyUiYx1q"}}'
).encode()
CALLBACK_HEADERS = {
    "Wechatpay-Nonce": "EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz",
    "Wechatpay-Timestamp": "1624523846",
    "Wechatpay-Serial": SERIAL,
    "Wechatpay-Signature": CALLBACK_SIGNATURE,
}
SENT = datetime.fromtimestamp(1624523846, UTC)


@pytest.fixture
def account() -> WechatPayAccount:
    return WechatPayAccount(
        url="",
        mchid="1234567890",
        appid="wx",
        certificate_serial="0123456789ABC",
        private_key=KEY,
        platform_keys={SERIAL: keys.public_key(CERTIFICATE)},
        api_v3_keys=(b"testMchAPIv3Key0",),
    )


def test_rsa_signatures_are_those_of_tencents_library() -> None:
    assert keys.sign(KEY, b"source") == SOURCE_SIGNED
    assert keys.is_signed(keys.public_key(CERTIFICATE), b"source", SOURCE_SIGNED)
    assert not keys.is_signed(keys.public_key(CERTIFICATE), b"sauce", SOURCE_SIGNED)
    assert not keys.is_signed(keys.public_key(CERTIFICATE), b"source", "不")


def test_a_recorded_callback_of_wechat_pay_is_believed_in_its_time_only(account: WechatPayAccount) -> None:
    stamp = read_stamp(CALLBACK_HEADERS)
    told = read_callback(account, stamp, CALLBACK, SENT + timedelta(seconds=300))
    assert told == ChannelNotice(event_id="3119dfba-e649-5eec-ab1e-3412bc4d2e17", about="PAYSCORE.USER_OPEN_SERVICE")
    with pytest.raises(CallbackTimestampStale):
        read_callback(account, stamp, CALLBACK, SENT + timedelta(seconds=301))
    with pytest.raises(CallbackSignatureInvalid):
        read_callback(account, stamp, CALLBACK.replace("签约".encode(), "解约".encode()), SENT)


def test_its_resource_opens_to_what_tencent_sealed(account: WechatPayAccount) -> None:
    plain = decrypt(account.api_v3_keys, "Kj7QIyUiYx1q", "payscore", CALLBACK_SEALED)
    assert json.loads(plain) == {
        "mchid": "1234567890",
        "appid": "054aa7d7a2a54ab5898df65bd96f001c",
        "create_time": "2020-06-30T12:12:00+08:00",
        "out_contract_code": "21640bdbd08e473e828f3206a2741c6e",
    }


@pytest.mark.parametrize(
    ("key", "ciphertext"),
    [
        (b"testAPIv3Key1111", "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC"),
        (b"testAPIv3Key0000", "invalid cipher"),
        (b"testAPIv3Key0000", "SGVsbG8gV29ybGQK"),
        (b"testAPIv3Key0000", "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wRNC"),
        (b"testAPIv3Key0000", ""),
    ],
)
def test_what_does_not_open_is_not_read(key: bytes, ciphertext: str) -> None:
    nonce, data = "wCq51qZv4Yfg", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8"
    good = "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC"
    assert decrypt((b"another key 0000", b"testAPIv3Key0000"), nonce, data, good) == b"Hello World"
    with pytest.raises(Undecipherable):
        decrypt((key,), nonce, data, ciphertext)


def test_a_request_to_wechat_pay_is_signed_as_openssl_signs_it(account: WechatPayAccount) -> None:
    header = authorization(account, 1554208460, "593BEC0C930BF1AFEB40B4A08C8FB242", "GET", "/v3/certificates", b"")
    assert header == (
        'WECHATPAY2-SHA256-RSA2048 mchid="1234567890",nonce_str="593BEC0C930BF1AFEB40B4A08C8FB242",'
        f'timestamp="1554208460",serial_no="0123456789ABC",signature="{WECHAT_REQUEST_SIGNED}"'
    )


@pytest.mark.parametrize("name", list(CALLBACK_HEADERS))
def test_a_stamp_needs_all_its_headers(name: str) -> None:
    assert read_stamp({key.lower(): value for key, value in CALLBACK_HEADERS.items()}) == read_stamp(CALLBACK_HEADERS)
    assert read_stamp({**CALLBACK_HEADERS, name: " "}) is None
    assert read_stamp({**CALLBACK_HEADERS, "Wechatpay-Timestamp": "-1"}) is None


def test_wechats_probe_is_refused(account: WechatPayAccount) -> None:
    """https://pay.weixin.qq.com/doc/v3/merchant/4016241880: WeChat signs some traffic wrongly, to see it refused."""
    probe = {**CALLBACK_HEADERS, "Wechatpay-Signature": f"WECHATPAY/SIGNTEST/{CALLBACK_SIGNATURE[19:]}"}
    stamp = read_stamp(probe)
    assert stamp is not None
    assert not is_genuine(account.platform_keys, stamp, CALLBACK)


def test_a_request_to_alipay_is_signed_as_openssl_signs_it() -> None:
    given = {
        "version": "1.0",
        "app_id": "2014072300007148",
        "biz_content": '{"out_trade_no":"20150320010101001","total_amount":"88.88"}',
        "charset": "utf-8",
        "format": "JSON",
        "method": "alipay.trade.query",
        "sign_type": "RSA2",
        "timestamp": "2014-07-24 03:07:50",
        "notify_url": "",
    }
    signed = signed_parameters(KEY, given)
    assert signed["sign"] == ALIPAY_REQUEST_SIGNED
    assert "notify_url" not in signed  # empty ones are neither signed nor sent


def test_an_answer_of_alipay_is_read_byte_for_byte_as_it_was_signed() -> None:
    public = (KEY.public_key(),)
    node = "alipay_trade_query_response"
    whole = f'{{"{node}":{ALIPAY_ANSWER},"sign":"{ALIPAY_ANSWER_SIGNED}"}}'
    assert genuine_answer(public, whole, node) == ALIPAY_ANSWER
    assert (
        genuine_answer(public, f'{{"sign":"{ALIPAY_ANSWER_SIGNED}", "{node}" : {ALIPAY_ANSWER}}}', node)
        == ALIPAY_ANSWER
    )
    for changed in (
        whole.replace("88.88", "88.89"),
        whole.replace("\\/", "/"),
        whole.replace('"sign"', '"design"'),
        whole.replace(node, "alipay_trade_close_response"),
        whole[:-20],
        "[]",
        "",
    ):
        assert genuine_answer(public, changed, node) is None


def test_a_notice_is_verified_over_all_but_its_signature() -> None:
    told = {"b": "2", "a": "1 & 不", "c": ""}
    sign = keys.sign(KEY, "a=1 & 不&b=2&c=".encode())
    public = (KEY.public_key(),)
    assert notice_is_genuine(public, {**told, "sign": sign, "sign_type": "RSA2"})
    assert not notice_is_genuine(public, {**told, "d": "3", "sign": sign, "sign_type": "RSA2"})
    assert not notice_is_genuine(public, {"a": "1 & 不", "b": "2", "sign": sign})
    assert not notice_is_genuine((), {**told, "sign": sign})


def test_an_event_of_stripe_is_signed_as_openssl_signs_it() -> None:
    body = b'{"id":"evt_test_webhook","object":"event"}'
    signature = stripe_signing.read_header(f"t=1492774577,v1={'0' * 64},v1={STRIPE_MAC},v0=ignored")
    assert signature is not None
    assert signature.timestamp == 1492774577
    assert stripe_signing.is_genuine(("another", "whsec_test_secret"), signature, body)
    assert not stripe_signing.is_genuine(("whsec_test_secret",), signature, body + b" ")
    assert not stripe_signing.is_genuine((), signature, body)


@pytest.mark.parametrize(
    "header", ["", "t=1", "v1=00", "t=x,v1=00", "t=1,t=2,v1=00", "t=1,v0=00", "t=-1,v1=00", "t=١,v1=00", "t=1,v1=不"]
)
def test_a_signature_header_that_says_too_little_is_none(header: str) -> None:
    assert stripe_signing.read_header(header) is None
