"""What the follow-up keeps, in numbers alone."""

from django.utils.translation import gettext

from ksdb.core.scope import Permission, Scope
from ksdb.followup.models import FollowUp
from ksdb.visits.keeping import Kept


def kept_data(scope: Scope) -> list[Kept]:
    """For the page of retention: follow-ups go with the last of their cases."""
    scope.require(Permission.VISITS_DAY_READ)
    return [
        Kept(gettext("Follow-ups of contacts"), gettext("with the last of their cases"), FollowUp.objects.count(), None)
    ]
