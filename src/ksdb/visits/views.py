"""Pages of scan points and their devices, and of what is kept until when."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ksdb.approvals.kinds import AlreadyAsked, UnitMissing
from ksdb.config import settings
from ksdb.core.clock import now, today
from ksdb.core.scope import Permission
from ksdb.visits import actions
from ksdb.visits.choices import communes_named, kinds_named
from ksdb.visits.forms import DayDeleteForm, PointsForm
from ksdb.visits.keeping import DayHeld, DayNotOver
from ksdb.visits.queries import days_kept, foreign_counts, other_data, points_with_activity
from ksdb.visits.words import FOREIGN_LABELS
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

PAGE_ROWS = 50


@requires(Permission.VISITS_POINT_READ)
def points(request: ScopedRequest) -> HttpResponse:
    number = max(number_in(request.GET.get("page")) or 1, 1)
    start = (number - 1) * PAGE_ROWS
    form = PointsForm(kinds_named(request.scope), communes_named(request.scope), request.GET)
    rows, count = points_with_activity(request.scope, form.wanted, start, PAGE_ROWS)
    may = {
        "can_manage": request.scope.allows(Permission.VISITS_DEVICE_ENROL),
        "can_decide": request.scope.allows(Permission.ENROLMENT_PLACE_DECIDE),
    }
    page = Paginator(range(count), PAGE_ROWS).get_page(number)
    context = {"form": form, "is_asked": bool(form.data), "rows": rows, "count": count, "page": page, "as_of": now()}
    return render(request, "visits/points.html", context | may)


@never_cache
@require_GET
@requires(Permission.VISITS_DAY_READ)
def retention(request: ScopedRequest) -> HttpResponse:
    days = days_kept(request.scope)
    context = {
        "days": days,
        "kept_days": settings().retention_days,
        "total": sum(day.visits for day in days),
        "others": other_data(request.scope),
        "codes": [(FOREIGN_LABELS[one.kind], one.scans, one.matched) for one in foreign_counts(request.scope)],
        "can_ask": request.scope.allows(Permission.VISITS_DAY_DELETE),
        "as_of": now(),
    }
    return render(request, "visits/retention.html", context)


@never_cache
@requires(Permission.VISITS_DAY_DELETE)
def ask_day_delete(request: ScopedRequest) -> HttpResponse:
    days = [day.on for day in days_kept(request.scope) if day.on < today() and not day.is_held]
    form = DayDeleteForm(days, request.POST or None)
    if form.is_valid():
        try:
            asked = actions.ask_day_delete(request.scope, form.cleaned_data["day"], form.cleaned_data["reason"])
        except (AlreadyAsked, DayHeld, DayNotOver, UnitMissing) as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            done = gettext("You have asked for this. Somebody of another unit decides within 72 hours.")
            messages.success(request, done)
            return redirect("approvals:act", asked.pk)
    introduction = gettext(
        "All visits and refusals of the day go, of the whole province, and nobody can bring them back."
    )
    context = {
        "form": form,
        "title": gettext("Ask to delete a day before its time"),
        "introduction": introduction,
        "submit_label": gettext("Ask"),
    }
    return render(request, "web/desk_form.html", context, status=422 if form.errors else 200)
