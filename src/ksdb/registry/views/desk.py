"""Pages of the desk: one person is registered, or what is written of a person is corrected."""

from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from ksdb.core.idcodes import read_id_code
from ksdb.core.scope import Permission, Purpose
from ksdb.registry import actions, queries
from ksdb.registry.desk import NO_CODE, PersonForm, doubts_of, fields_of, filled, initial_of
from ksdb.web.requires import ScopedRequest, requires

MOST_COMMUNES = 18
"""Of so many the names of residential groups are offered: no district of 2021 but Huế had more."""


@require_http_methods(["GET", "POST"])
@never_cache
@requires(Permission.REGISTRY_RESIDENT_WRITE)
def person_new(request: ScopedRequest) -> HttpResponse:
    form = _person_form(request, request.POST if request.method == "POST" else None)
    code_says: list[str] = []
    if "fill" in request.POST:
        code = read_id_code(request.POST.get("code", ""))
        code_says = doubts_of(code) if code else [str(NO_CODE)]
        form = _person_form(request, None, filled(request.POST.dict(), fields_of(code) if code else {}))
    elif request.method == "POST" and form.is_valid():
        alike = actions.people_like(request.scope, form.person)
        asks, guardians = _asks(request, form), _guardians(request, form)
        is_sure = not (alike or asks) or "confirmed" in request.POST
        if guardians or form.errors or not is_sure:
            return _person_page(request, form, {"alike": alike, "asks": asks, "guardians": guardians})
        if answer := _registered(request, form):
            return answer
    return _person_page(request, form, {"code_says": code_says})


def _registered(request: ScopedRequest, form: PersonForm) -> HttpResponse | None:
    try:
        made = actions.register_person(request.scope, form.person)
    except actions.PersonKnown as known:
        messages.warning(request, gettext("This person is registered already: here is the record."))
        return redirect(_record(known.resident_id, Purpose.REGISTRATION))
    except (actions.PersonElsewhere, actions.GuardianUnknown) as fault:
        form.add_error(_FIELD_OF[fault.code], gettext(fault.sentence()))
        return None
    messages.success(request, gettext("The person has been registered."))
    return redirect(_record(made.pk, Purpose.REGISTRATION))


_FIELD_OF = {
    "person_elsewhere": "id_number",
    "person_known": "id_number",
    "number_of_merged": "id_number",
    "guardian_unknown": "guardian_number",
}


def _record(resident_id: int, purpose: Purpose) -> str:
    return f"{reverse('registry:resident', args=[resident_id])}?purpose={purpose}"


def _person_form(
    request: ScopedRequest, data: Mapping[str, str] | None, initial: Mapping[str, str] | None = None
) -> PersonForm:
    return PersonForm(queries.communes_to_register_in(request.scope), data, initial=initial)


def _asks(request: ScopedRequest, form: PersonForm) -> list[str]:
    """What is odd about the form, and asked once."""
    person, asks = form.person, list(form.asks)
    if person.group.lower() not in {name.lower() for name in queries.group_names(request.scope, person.commune_id)}:
        asks.append(gettext("The commune has no such residential group yet: it will be made."))
    if form.lacks_guardian:
        asks.append(
            gettext(
                "This is a child without a guardian. Give the guardian's ID number, or name and year of birth, if "
                "there is one."
            )
        )
    return asks


def _guardians(request: ScopedRequest, form: PersonForm) -> Sequence[object]:
    """Whom the name and the year may mean, until one of them is chosen."""
    if not (asked := form.guardian_asked):
        return []
    found = actions.guardians_like(request.scope, *asked)
    if not found:
        form.add_error("guardian_name", gettext(actions.GuardianNotFound.sentence()))
    return found


def _person_page(request: ScopedRequest, form: PersonForm, more: Mapping[str, object]) -> HttpResponse:
    asked = list(form.communes) if len(form.communes) <= MOST_COMMUNES else []
    groups = dict.fromkeys(name for commune in asked for name in queries.group_names(request.scope, commune))
    context = {"form": form, "groups": groups, **more}
    return render(request, "registry/person.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@requires(Permission.REGISTRY_RESIDENT_WRITE)
def person_code(request: ScopedRequest) -> JsonResponse:
    """What a scanned code says, for the form's script. Nobody's record is read."""
    code = read_id_code(request.POST.get("code", ""))
    if code is None:
        return JsonResponse({"fields": {}, "says": [str(NO_CODE)]})
    return JsonResponse({"fields": fields_of(code), "says": doubts_of(code)})


@require_http_methods(["GET", "POST"])
@never_cache
@requires(Permission.REGISTRY_RESIDENT_WRITE)
def person_edit(request: ScopedRequest, resident_id: int) -> HttpResponse:
    one = queries.resident_for(request.scope, resident_id, Purpose.CORRECTION)
    data = request.POST if request.method == "POST" else None
    communes = queries.communes_to_register_in(request.scope)
    form = PersonForm(communes, data, initial=initial_of(one), keeps_numbers=True)
    if data is not None and form.is_valid():
        asks, guardians = _asks(request, form), _guardians(request, form)
        if guardians or form.errors or (asks and "confirmed" not in request.POST):
            return _person_page(request, form, {"asks": asks, "guardians": guardians, "resident": one})
        if answer := _corrected(request, form, resident_id):
            return answer
    return _person_page(request, form, {"resident": one})


def _corrected(request: ScopedRequest, form: PersonForm, resident_id: int) -> HttpResponse | None:
    try:
        changed = actions.correct_person(request.scope, resident_id, form.person)
    except (actions.PersonKnown, actions.PersonElsewhere, actions.NumberOfMerged, actions.GuardianUnknown) as fault:
        form.add_error(_FIELD_OF[fault.code], gettext(fault.sentence()))
        return None
    if not changed:
        messages.info(request, gettext("Nothing was changed."))
    elif {"full_name", "birth_year", "born_on"} & set(changed):
        messages.success(
            request, gettext("The correction is saved. Name or birth changed: give the person a new card.")
        )
    else:
        messages.success(request, gettext("The correction is saved."))
    return redirect(_record(resident_id, Purpose.CORRECTION))
