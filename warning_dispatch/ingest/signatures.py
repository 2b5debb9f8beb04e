"""XML signatures, for sources that must sign. What is read afterwards is only what the signature covers.

A certificate inside a message proves nothing: anybody can put his own there. Each certificate of a source is pinned by
itself, the signature must stand directly in the alert and cover the whole of it, and it must have been valid when the
message says it was sent; a stolen key that has run out cannot sign a fresh message, and an old one calls nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, XMLVerifier

from warning_dispatch.errors import Finding, UnreadableAlertError
from warning_dispatch.ingest.document import open_document
from warning_dispatch.ingest.elements import Element, path_of
from warning_dispatch.ingest.notes import Notes
from warning_dispatch.model.source_rules import SignatureRule

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_REMEDY = "核对来源的签名证书，联系发送方 / check the certificate pinned for the source, ask the sender"


@dataclass(frozen=True, slots=True)
class Signed:
    """An alert as its signature covers it, and the certificate that made it."""

    element: Element
    certificate: x509.Certificate


def verified(element: Element, raw: bytes | None, rule: SignatureRule) -> Signed:
    """The alert as its signature covers it, read anew from those bytes alone. UnreadableAlertError when it does not hold.

    `raw`: the whole message when the alert is its root; else None, and the alert is verified as a document of its own.
    """
    whole = raw if raw is not None else etree.tostring(element, with_tail=False)
    root = open_document(whole, Notes(), keep_everything=True)
    places = root.findall(f".//{SIGNATURE}")
    if not places:
        raise _refused(element, "没有签名，而该来源必须签名 / not signed, and this source must sign")
    if len(places) > 1 or places[0].getparent() is not root:
        raise _refused(element, "签名不在报文自己的位置上 / the signature does not stand where it belongs")
    reasons: list[str] = []
    for pem in rule.certificates:
        signed = _signed_by(root, pem, rule, reasons)
        if signed is None:
            continue
        if signed.tag != root.tag or len(signed) != len(root) - 1:
            raise _refused(element, "签名只覆盖了报文的一部分 / the signature covers only a part of the message")
        return Signed(open_document(etree.tostring(signed), Notes()), _certificate(pem))
    told = "; ".join(dict.fromkeys(reasons)) or "no certificate is pinned"
    raise _refused(element, f"签名无效或不是约定的证书所签 / the signature does not hold: {told[:200]}")


def _signed_by(root: Element, pem: str, rule: SignatureRule, reasons: list[str]) -> Element | None:
    """What the signature covers if this certificate made it; else None, and why."""
    try:
        certificate = _certificate(pem)
        rules = _rules(certificate.not_valid_before_utc, sha1=rule.sha1)
        result = XMLVerifier().verify(root, x509_cert=certificate, validate_schema=False, expect_config=rules)
    except Exception as error:  # noqa: BLE001 - whatever a library finds wrong with a hostile signature, it does not hold
        reasons.append(" ".join(f"{type(error).__name__} {error}".split()))
        return None
    return result[0].signed_xml if isinstance(result, list) else result.signed_xml


@lru_cache(maxsize=64)
def _certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


@lru_cache(maxsize=64)
def _rules(moment: datetime, *, sha1: bool) -> SignatureConfiguration:
    """One reference, in the alert itself, by methods that nobody can forge today (SHA-1 where a source is known for it).

    `moment`: any at which the certificate is valid, so that the library asks no clock; see require_valid_then.
    """
    methods = frozenset(one for one in SignatureMethod if "HMAC" not in one.name and (sha1 or "SHA1" not in one.name))
    digests = frozenset(one for one in DigestAlgorithm if sha1 or "SHA1" not in one.name)
    return SignatureConfiguration(
        require_x509=True,
        location="./",
        expect_references=1,
        signature_methods=methods,
        digest_algorithms=digests,
        ignore_ambiguous_key_info=True,
        verification_time=moment,
    )


def require_valid_then(signed: Signed, sent: int) -> None:
    """Refuse a message that was sent (ms UTC) when its certificate was not valid."""
    moment = datetime.fromtimestamp(sent / 1000, UTC)
    if not signed.certificate.not_valid_before_utc <= moment <= signed.certificate.not_valid_after_utc:
        raise _refused(
            signed.element, "证书在发布时已过期或尚未生效 / the certificate was not valid when the message was sent"
        )


def certificate_findings(certificates: Sequence[str], where: str) -> list[Finding]:
    """What is wrong with certificates that are to be pinned."""
    findings = []
    for pem in certificates:
        try:
            _certificate(pem)
        except ValueError:
            findings.append(Finding(where, "不是 PEM 证书 / no certificate in PEM form", _REMEDY))
    return findings


def _refused(element: Element, what: str) -> UnreadableAlertError:
    return UnreadableAlertError([Finding(f"{path_of(element)}/Signature", what, _REMEDY)])
