"""What a health certificate (HC1) says, in words: of which kind, from where, until when; never of whom."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from ksdb.cards.inspecting import words
from ksdb.cards.inspecting.found import Inspection, Say, day
from ksdb.core.hc1 import Anchor, Certificate, Kind, read


def inspect_certificate(text: str, anchors: Mapping[bytes, Anchor], at: datetime, say: Say) -> Inspection:
    """Explains a text that begins with HC1:. What no trusted signer signed says nothing but why."""
    reading = read(text, anchors, at)
    lines = [(say(words.WHAT), say(words.HEALTH))]
    if reading.certificate:
        lines += list(_said(reading.certificate, say))
    if reading.fault is None:
        return Inspection(tuple(lines), say(words.AUTHENTICATED), None, is_proved=True)
    why = say(words.CERTIFICATE_FAULTS[reading.fault])
    return Inspection(tuple(lines), say(words.NOT_AUTHENTICATED) % {"why": why}, reading.fault, is_proved=True)


def _said(certificate: Certificate, say: Say) -> Iterator[tuple[str, str]]:
    yield say(words.KIND), say(words.KINDS[certificate.kind])
    if certificate.issuer:
        yield say(words.COUNTRY), certificate.issuer
    if certificate.issued_at:
        yield say(words.ISSUED), day(certificate.issued_at.timestamp())
    if certificate.expires_at:
        yield say(words.EXPIRES), day(certificate.expires_at.timestamp())
    given, needed = (certificate.entry.get(name) for name in ("dn", "sd"))
    if certificate.kind == Kind.VACCINATION and isinstance(given, int) and isinstance(needed, int):
        yield say(words.DOSES[0]), say(words.DOSES[1]) % {"given": given, "needed": needed}
