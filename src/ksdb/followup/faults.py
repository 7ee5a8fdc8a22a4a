"""What can go wrong with a follow-up, a link between cases, a drill."""

from ksdb.core.errors import KsdbError


class FollowUpClosed(KsdbError):
    """This follow-up is closed. Open it again first, or go back to the list."""

    code = "follow_up_closed"
    status = 409


class OfficerUnknown(KsdbError):
    """This account has no right to follow up contacts there. Choose another one of the list."""

    code = "officer_unknown"
    status = 422


class WardUnknown(KsdbError):
    """There is no such commune in your jurisdiction. Choose one of the list."""

    code = "ward_unknown"
    status = 422


class DayOutside(KsdbError):
    """An entry can be made for a day since the first exposure and not after today. Check the day."""

    code = "day_outside"
    status = 422


class OlderRun(KsdbError):
    """A later run of this case is followed already. Go to the case and look at its follow-up."""

    code = "older_run"
    status = 409


class NotFollowed(KsdbError):
    """This run is not the one that is followed. Follow the contacts of the first generation by it, and choose then."""

    code = "not_followed"
    status = 409


class TooManyChosen(KsdbError):
    """At most 200 people of the second generation may be chosen at once. Choose a commune or a place first."""

    code = "too_many_chosen"
    status = 422


class DrillRuns(KsdbError):
    """A drill is running. End it first with `ksdb drill end`."""

    code = "drill_runs"
    status = 409


class NoDrill(KsdbError):
    """No drill is running. Begin one with `ksdb drill start`."""

    code = "no_drill"
    status = 409


class DrillInUse(KsdbError):
    """Somebody used the drill's invented people for something else. Undo that first, then end the drill."""

    code = "drill_in_use"
    status = 409
