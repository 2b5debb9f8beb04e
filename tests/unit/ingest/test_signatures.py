"""Signatures (row 32 of docs/hostile-input.md): where a source must sign, only what its own certificate covers is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from warning_dispatch.ingest import read_parts
from warning_dispatch.model.source_rules import SignatureRule, SourceRules

Sample = Callable[..., bytes]
CAP = "cap12-red-rain-city"
NOW = datetime(2026, 7, 22, tzinfo=UTC)


@cache
def pair(name: str = "bureau", until: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> tuple[str, str]:
    """A key and its self-made certificate, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    return (
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
    )


def signed(
    raw: bytes, key: tuple[str, str], reference: str = "", digest: DigestAlgorithm = DigestAlgorithm.SHA256
) -> etree._Element:
    """The message with a signature in it."""
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.ECDSA_SHA256,
        digest_algorithm=digest,
    )
    return signer.sign(etree.fromstring(raw), key=key[0].encode(), cert=key[1], reference_uri=reference or None)


def bytes_of(root: etree._Element) -> bytes:
    """As it travels."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def pinned(*certificates: str) -> SourceRules:
    """A source that must sign."""
    return SourceRules(signature=SignatureRule(certificates))


def refused(raw: bytes, rules: SourceRules) -> str:
    """Why nothing could be read."""
    message = read_parts(raw, rules)
    assert message.alerts == ()
    return " ".join(str(finding) for part in message.unread for finding in part.findings)


def test_row_32_a_good_signature_is_read(sample: Sample) -> None:
    """Signed by the pinned certificate: read like any other; also where the certificate is one of several."""
    raw = bytes_of(signed(sample(CAP), pair()))
    for rules in (pinned(pair()[1]), pinned(pair("other")[1], pair()[1])):
        message = read_parts(raw, rules)
        assert message.unread == ()
        assert message.alerts[0].alert == read_parts(sample(CAP)).alerts[0].alert


def test_row_32_absent_or_by_another(sample: Sample) -> None:
    """No signature, or one by a certificate of the sender's own making: refused."""
    assert "没有签名" in refused(sample(CAP), pinned(pair()[1]))
    forged = bytes_of(signed(sample(CAP), pair("forger")))
    assert "签名无效" in refused(forged, pinned(pair()[1]))


def test_row_32_changed_afterwards(sample: Sample) -> None:
    """One letter of the message, and it does not hold any more."""
    raw = bytes_of(signed(sample(CAP), pair())).replace(b"<urgency>Immediate", b"<urgency>Future")
    assert "签名无效" in refused(raw, pinned(pair()[1]))


def test_row_32_wrapped(sample: Sample) -> None:
    """A signed alert moved inside an unsigned one: nothing of either is read by the outer one's words."""
    inner = signed(sample(CAP), pair(), reference="")
    outer = etree.fromstring(sample(CAP, ("20260722220611</identifier>", "20260722999999</identifier>")))
    signature = inner.find("{http://www.w3.org/2000/09/xmldsig#}Signature")
    outer.append(inner)
    outer.append(signature)
    raw = bytes_of(outer)
    assert "签名" in refused(raw, pinned(pair()[1]))


def test_row_32_a_part_only(sample: Sample) -> None:
    """A signature over one info says nothing of the rest."""
    root = etree.fromstring(sample(CAP))
    root[-1].set("Id", "one")
    signer = XMLSigner(method=SignatureConstructionMethod.enveloped, signature_algorithm=SignatureMethod.ECDSA_SHA256)
    raw = bytes_of(signer.sign(root, key=pair()[0].encode(), cert=pair()[1], reference_uri="#one"))
    assert "签名" in refused(raw, pinned(pair()[1]))


def test_row_32_expired_certificate(sample: Sample) -> None:
    """A certificate that had run out when the message was sent signs nothing."""
    old = pair("old", datetime(2025, 1, 1, tzinfo=UTC))
    assert "过期" in refused(bytes_of(signed(sample(CAP), old)), pinned(old[1]))


def test_row_32_weak_digest(sample: Sample) -> None:
    """What can be forged today is refused."""
    raw = (
        bytes_of(signed(sample(CAP), pair()))
        .replace(b"xmlenc#sha256", b"xmldsig#sha1")
        .replace(b"2001/04/xmldsig#sha1", b"2000/09/xmldsig#sha1")
    )
    assert "签名无效" in refused(raw, pinned(pair()[1]))


def test_a_signature_nobody_asked_for_is_no_matter(sample: Sample) -> None:
    """Where a source need not sign, a signature is an extension like any other."""
    assert read_parts(bytes_of(signed(sample(CAP), pair()))).unread == ()


@pytest.mark.parametrize("junk", ["", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_no_certificate_no_message(sample: Sample, junk: str) -> None:
    """A broken pin lets nothing in, and raises nothing."""
    assert refused(bytes_of(signed(sample(CAP), pair())), pinned(junk))
