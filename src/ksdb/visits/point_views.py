"""Pages of a scan point's owner, and of the officers who look after points: its devices, codes, figures and silence."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

import zxingcpp
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission
from ksdb.core.trust_list import root_id_of
from ksdb.places.queries import point_types
from ksdb.visits import actions, queries
from ksdb.visits.forms import DeviceNameForm, SilenceForm, WaysForm
from ksdb.visits.words import FLAG_LABELS, RESULT_LABELS
from ksdb.web.requires import ScopedRequest, requires

FLAG_DAYS = 7
MOST_SILENT = 200


@never_cache
@require_GET
@requires(Permission.VISITS_DEVICE_ENROL)
def own(request: ScopedRequest) -> HttpResponse:
    rows = queries.own_points(request.scope)
    return render(request, "visits/own_points.html", {"rows": rows, "as_of": now()})


@never_cache
@require_GET
@requires(Permission.VISITS_DEVICE_ENROL)
def point(request: ScopedRequest, point_id: int) -> HttpResponse:
    scope = request.scope
    found = queries.point_of(scope, point_id)
    flags = queries.odd_visits(scope, point_id, now() - timedelta(days=FLAG_DAYS))
    results = queries.results_today(scope, point_id)
    devices = queries.devices_of(scope, point_id)
    context = {
        "point": found,
        "type": _word_of(found.type),
        "devices": devices,
        "in_service": [device for device in devices if device.revoked_at is None],
        "results": [(RESULT_LABELS[result], count, result.is_visit) for result, count in results],
        "visits": sum(count for result, count in results if result.is_visit),
        "refusals": sum(count for result, count in results if not result.is_visit),
        "scanned": sum(device.scanned for device in devices),
        "stored": sum(device.stored_count for device in devices),
        "flags": [(FLAG_LABELS[flag], count) for flag, count in flags.items()],
        "flag_days": FLAG_DAYS,
        "can_retime": scope.allows(Permission.VISITS_POINT_WRITE),
        "open_codes": found.enrol_codes.filter(used_at=None, expires_at__gt=now()).count(),
        "as_of": now(),
    }
    return render(request, "visits/point.html", context)


def _word_of(kind: Any) -> str:
    return str(kind.name_vi if (get_language() or "vi").startswith("vi") else kind.name_en)


@never_cache
@requires(Permission.VISITS_DEVICE_ENROL)
def ways(request: ScopedRequest, point_id: int) -> HttpResponse:
    found = queries.point_of(request.scope, point_id)
    form = WaysForm.of(found, request.POST or None)
    if form.is_valid():
        actions.change_ways(request.scope, point_id, form.ways)
        messages.success(request, gettext("Changed. The devices hear of it within minutes."))
        return redirect("visits:point", point_id)
    context = {"form": form, "title": gettext("How the place works"), "point": found}
    return render(request, "visits/ways.html", context, status=422 if form.errors else 200)


@never_cache
@require_POST
@requires(Permission.VISITS_DEVICE_ENROL)
def code(request: ScopedRequest, point_id: int) -> HttpResponse:
    """The code is shown in the answer itself and nowhere else: it is kept only as a hash."""
    found = queries.point_of(request.scope, point_id)
    try:
        digits, until = actions.make_enrol_code(request.scope, point_id)
    except actions.TooManyCodes as error:
        messages.error(request, gettext(error.sentence()))
        return redirect("visits:point", point_id)
    address = settings().scanner_address
    context = {"point": found, "code": digits, "until": until, "address": address, "root": root_name()}
    root = f"&root={context['root']}" if context["root"] else ""
    return render(request, "visits/code.html", context | {"picture": picture_of(f"{address}#code={digits}{root}")})


def root_name() -> str:
    """By which the root that this machine has pinned is named to people; empty where there is none."""
    point = settings().root_point()
    return root_id_of(point).hex() if point else ""


def picture_of(text: str) -> str:
    """A QR symbol as an image within its own address."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return f"data:image/svg+xml;base64,{b64encode(symbol.to_svg(add_quiet_zones=True).encode()).decode()}"


@require_POST
@requires(Permission.VISITS_DEVICE_ENROL)
def withdraw(request: ScopedRequest, point_id: int) -> HttpResponse:
    actions.withdraw_codes(request.scope, point_id)
    messages.success(request, gettext("The codes that nobody used yet work no more."))
    return redirect("visits:point", point_id)


@never_cache
@requires(Permission.VISITS_DEVICE_ENROL)
def rename(request: ScopedRequest, point_id: int, device_id: int) -> HttpResponse:
    device = _device(request, point_id, device_id)
    form = DeviceNameForm(request.POST or None, initial={"name": device.name})
    if form.is_valid():
        actions.rename_device(request.scope, device_id, form.cleaned_data["name"])
        messages.success(request, gettext("The device has its new name."))
        return redirect("visits:point", point_id)
    context = {"form": form, "title": gettext("Rename the device"), "point_id": point_id}
    return render(request, "visits/device_form.html", context, status=422 if form.errors else 200)


@never_cache
@requires(Permission.VISITS_DEVICE_ENROL)
def revoke(request: ScopedRequest, point_id: int, device_id: int) -> HttpResponse:
    device = _device(request, point_id, device_id)
    if request.method == "POST":
        actions.revoke_device(request.scope, device_id)
        messages.success(request, gettext("The device is out of service: nothing it sends is taken any more."))
        return redirect("visits:point", point_id)
    return render(request, "visits/revoke.html", {"device": device, "point_id": point_id})


def _device(request: ScopedRequest, point_id: int, device_id: int) -> queries.DeviceRow:
    """A device of that point that is in service."""
    rows = queries.devices_of(request.scope, point_id)
    found = next((row for row in rows if row.id == device_id and row.revoked_at is None), None)
    if found is None:
        raise NotFound
    return found


@never_cache
@require_GET
@requires(Permission.VISITS_POINT_READ)
def silent(request: ScopedRequest) -> HttpResponse:
    kinds = [(kind.code, _word_of(kind)) for kind in point_types(request.scope)]
    communes = [(one.pk, one.name) for one in queries.communes_of_points(request.scope)]
    form = SilenceForm(kinds, communes, request.GET)
    rows = queries.silent_points(request.scope, form.silence)
    context = {"form": form, "rows": rows[:MOST_SILENT], "count": len(rows), "most": MOST_SILENT, "as_of": now()}
    context["can_manage"] = request.scope.allows(Permission.VISITS_DEVICE_ENROL)
    return render(request, "visits/silent_points.html", context)
