"""The page of drills: how many minutes each took."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ksdb.core.clock import now
from ksdb.core.scope import Permission
from ksdb.followup.queries.drills import drills_so_far
from ksdb.web.requires import ScopedRequest, requires


@require_GET
@never_cache
@requires(Permission.FOLLOWUP_DRILL_READ)
def drills(request: ScopedRequest) -> HttpResponse:
    return render(request, "followup/drills.html", {"drills": drills_so_far(request.scope), "as_of": now()})
