"""Who carries short messages to phones: an SMPP centre, an HTTP provider; in the demo town nobody, they are shown."""

from ksdb.config import settings
from ksdb.sms.carriers.carrying import Carrier
from ksdb.sms.carriers.http import HttpProvider
from ksdb.sms.carriers.smpp import SmppCentre

ON_SCREEN = "screen"


def carrier_name() -> str:
    """Which carrier this installation has; "" where none is set up. In the demo town always the screen."""
    return ON_SCREEN if settings().is_demo else settings().sms_carrier


def carrier() -> Carrier | None:
    """What takes messages along; None where there is none, or where they only stand on the screen."""
    match carrier_name():
        case SmppCentre.name:
            return SmppCentre(settings())
        case HttpProvider.name:
            return HttpProvider(settings())
    return None
