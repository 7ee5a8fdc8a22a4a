"""What the gateway answers when it takes none of an upload. A refused scan is not here: that is a result."""

from typing import ClassVar

from ksdb.core.errors import KsdbError


class GatewayError(KsdbError):
    """The gateway could not do this."""

    retry_after_seconds: ClassVar[int | None] = None

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class DeviceUnknown(GatewayError):
    """This device is not enrolled. Enrol it again with a code from the owner of the scan point."""

    code = "device_unknown"
    status = 401


class DeviceRevoked(GatewayError):
    """This device was taken out of service. Ask the owner of the scan point."""

    code = "device_revoked"
    status = 403


class BodyTooLarge(GatewayError):
    """The request is larger than 512 kB. Send fewer scans at a time."""

    code = "body_too_large"
    status = 413


class BodyTooSlow(GatewayError):
    """The request took too long to arrive. Send fewer scans at a time."""

    code = "body_too_slow"
    status = 408


class BodyUnreadable(GatewayError):
    """The request is not what this address expects."""

    code = "body_unreadable"
    status = 422


class ListMissing(GatewayError):
    """There is no such list yet. Ask again later; until then only the gateway itself can judge cards."""

    code = "list_missing"
    status = 404
    retry_after_seconds = 60


class TooManyScans(GatewayError):
    """A request carries 1 to 500 scans. Send them in parts."""

    code = "too_many_scans"
    status = 422


class CodeMistyped(GatewayError):
    """There is a typing mistake in this code. It has twelve digits; compare them, or scan the picture beside them."""

    code = "enrol_code_mistyped"
    status = 422


class CodeUnknown(GatewayError):
    """This code was used, is older than a day, or never existed. Ask the owner of the scan point for a new one."""

    code = "enrol_code_unknown"
    status = 404


class TooManyGuesses(GatewayError):
    """Too many codes were tried from here. Wait a minute, then try again with the right one."""

    code = "too_many_guesses"
    status = 429
    retry_after_seconds = 60


class Busy(GatewayError):
    """Too many scans are waiting to be stored. Keep yours and send them again shortly."""

    code = "busy"
    status = 503
    retry_after_seconds = 1


class TooOften(GatewayError):
    """This device asks more often than it may. Keep the scans and send them together, a little later."""

    code = "too_often"
    status = 429
    retry_after_seconds = 2


class DatabaseAway(GatewayError):
    """The database does not answer. Keep the scans and send them again shortly."""

    code = "database_away"
    status = 503
    retry_after_seconds = 5


class StoreFailed(GatewayError):
    """These scans could not be stored, for a reason of their own. Tell the administrator."""

    code = "store_failed"
    status = 500


class Closing(Busy):
    """The gateway is being restarted. Keep the scans and send them again shortly."""
