"""What is said of codes, by fault. Marked for the catalogue without Django, whose own marker would need settings."""

from typing import Final

from ksdb.core.electronic import CodeFault
from ksdb.core.hc1 import Hc1Fault, Kind
from ksdb.core.status_list import Listed
from ksdb.core.token import Form, TokenFault


def _(message: str) -> str:
    """Marks a message for the catalogue."""
    return message


FAULTS: Final = {
    TokenFault.UNREADABLE: _("unreadable: these are not the digits of a ksdb card. Scan it again, or type its number."),
    TokenFault.NOT_OURS: _("not_ours: the code can be read, but it is not a ksdb card of this version."),
    TokenFault.UNKNOWN_KEY: _(
        "unknown_key: no key of the trust list signed it. It is forged, or the trust list is old."
    ),
    TokenFault.KEY_NOT_VALID: _("key_not_valid: the key may not sign cards, or not at this time, or it was retired."),
    TokenFault.BAD_SIGNATURE: _("bad_signature: the signature is wrong. The code was altered or is forged."),
    TokenFault.EXPIRED: _("expired: the card was good and has run out. The holder needs a new one."),
}
CODE_FAULTS: Final = {
    CodeFault.BAD_DEVICE_SIGNATURE: _(
        "bad_device_signature: the token is good, but another phone made this code. It was copied."
    ),
    CodeFault.FROM_THE_FUTURE: _(
        "from_the_future: the phone made this code later than now. Compare the clock of the phone with that of this "
        "machine."
    ),
    CodeFault.TOO_OLD: _("too_old: the phone made this code more than a day ago. It is a picture of an old code."),
    CodeFault.OLD_CODE: _("old_code: the code is older than 90 seconds. Ask the holder to open the card again."),
}
CERTIFICATE_FAULTS: Final = {
    Hc1Fault.PREFIX: _("prefix: the text does not begin with HC1:."),
    Hc1Fault.BASE45: _("base45: the text is cut off or was altered. Scan the code again."),
    Hc1Fault.COMPRESSION: _("compression: what is packed in it cannot be unpacked. Scan the code again."),
    Hc1Fault.CBOR: _("cbor: it is not built like a health certificate."),
    Hc1Fault.UNKNOWN_KEY: _(
        "unknown_key: none of the trusted signers signed it. It is forged, or the signer's certificate is missing in "
        "the folder that KSDB_HC1_ANCHORS names."
    ),
    Hc1Fault.BAD_SIGNATURE: _("bad_signature: the signature is wrong. It was altered or is forged."),
    Hc1Fault.KEY_NOT_VALID: _("key_not_valid: the signer may not sign at this time."),
    Hc1Fault.NOT_A_CERTIFICATE: _("not_a_certificate: the signer is known, but what it signed is no such certificate."),
    Hc1Fault.KEY_USAGE: _("key_usage: the signer may not sign certificates of this kind."),
    Hc1Fault.NOT_YET_VALID: _("not_yet_valid: it begins to be valid later."),
    Hc1Fault.EXPIRED: _("expired: it has run out."),
}
NOT_AUTHENTICATED: Final = _("Not authenticated: %(why)s")
AUTHENTICATED: Final = _("Authenticated: signed by a trusted signer, and in its time. Compare name and birth date.")
GOOD: Final = _("Good: signed by a key of the trust list, and not expired.")
UNPROVED: Final = _("Not proved: without a trust list nobody can say who signed it. Give one with --trust.")
FORMS: Final = {Form.ELECTRONIC: _("electronic"), Form.PAPER: _("paper"), Form.PLASTIC: _("plastic")}
KINDS: Final = {
    Kind.VACCINATION: _("vaccination certificate"),
    Kind.TEST: _("test certificate"),
    Kind.RECOVERY: _("certificate of recovery"),
}
LISTED: Final = {
    Listed.VALID: _("valid"),
    Listed.INVALID: _("revoked"),
    Listed.SUSPENDED: _("suspended"),
    Listed.ATTENTION: _("ask the ward: not activated, or something is to be looked at"),
}
IDENTITY: Final = _("It looks like an identity card, a health insurance card or a personal QR.")
WEB: Final = _("It is a web address. Do not open it unseen.")
HEALTH: Final = _("It is a health certificate (HC1), such as a vaccine passport.")
ELECTRONIC: Final = _("The code of an electronic card, as a phone shows it.")
WHAT: Final = _("What it may be")
LENGTH: Final = (_("Length of the text"), _("%(count)s characters; a card has %(usual)s digits"))
KEY_VALID: Final = _("Key valid")
STATUS_LIST: Final = _("Status list")
FORM: Final = _("Form of the card")
INDEX: Final = _("Card index")
EXPIRES: Final = _("Expires")
KEY: Final = _("Signed with key")
SHOWN: Final = _("The phone made it")
KIND: Final = _("Kind of certificate")
COUNTRY: Final = _("Issued by the country")
ISSUED: Final = _("Issued")
DOSES: Final = (_("Doses"), _("%(given)s of %(needed)s"))
