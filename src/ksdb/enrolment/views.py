"""Pages where a place is registered by its owner, and decided about by the ward."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from ksdb.access.actions import INVITATION_LASTS
from ksdb.access.limits import TooManyAttempts
from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.scope import Permission
from ksdb.enrolment import actions, guides, queries
from ksdb.enrolment.forms import PhoneCodeForm, PhoneForm, PlaceForm, RefusalForm, RegisterForm
from ksdb.sms.actions import CodeWrong, NoCarrier, TooManyNumbers
from ksdb.sms.queries import proven_phone
from ksdb.web import asked
from ksdb.web.middleware import with_geolocation
from ksdb.web.requires import ScopedRequest, open_to_all, requires

PAGE_ROWS = 50
DECIDES = Permission.ENROLMENT_PLACE_DECIDE
NOT_SENT = (NoCarrier, TooManyNumbers, TooManyAttempts)


@open_to_all
@never_cache
@sensitive_post_parameters()
def register(request: ScopedRequest) -> HttpResponse:
    form = RegisterForm(request.scope, request.POST or None)
    if form.is_valid():
        try:
            actions.register_place(request.scope, request.session, form.facts, form.cleaned_data["phone"])
        except NOT_SENT as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            return redirect("enrolment:code")
    page = render(request, "enrolment/register.html", {"form": form}, status=422 if form.errors else 200)
    return with_geolocation(page)


@open_to_all
@never_cache
@sensitive_post_parameters()
def code(request: ScopedRequest) -> HttpResponse:
    form = PhoneCodeForm(request.POST or None)
    if form.is_valid():
        try:
            actions.prove_phone(request.scope, request.session, form.cleaned_data["code"])
        except (CodeWrong, TooManyAttempts) as error:
            form.add_error("code", gettext(error.sentence()))
        else:
            return redirect("enrolment:status")
    context = {"form": form, "is_demo": settings().is_demo}
    return render(request, "enrolment/code.html", context, status=422 if form.errors else 200)


@open_to_all
@never_cache
@sensitive_post_parameters()
def status(request: ScopedRequest) -> HttpResponse:
    """Places of the phone that this session has proven; else the phone is asked for."""
    phone = proven_phone(request.scope, request.session)
    if phone is not None:
        places = queries.places_of_phone(request.scope, phone)
        return render(request, "enrolment/status.html", {"places": places, "as_of": now()})
    form = PhoneForm(request.POST or None)
    if form.is_valid():
        try:
            actions.ask_status(request.scope, request.session, form.cleaned_data["phone"])
        except NOT_SENT as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            return redirect("enrolment:code")
    return render(request, "enrolment/ask_status.html", {"form": form}, status=422 if form.errors else 200)


@open_to_all
@never_cache
@require_POST
def link(request: ScopedRequest) -> HttpResponse:
    """The link to the owner's password is shown in the answer itself and nowhere else."""
    phone = proven_phone(request.scope, request.session)
    place = asked.number_in(request.POST.get("place"))
    if phone is None or place is None:
        return redirect("enrolment:status")
    account, token = actions.owner_link(request.scope, phone, place)
    address = request.build_absolute_uri(reverse("access:welcome", args=[token]))
    hours = int(INVITATION_LASTS.total_seconds()) // 3600
    return render(request, "enrolment/link.html", {"account": account, "link": address, "hours": hours})


@open_to_all
@require_GET
def guides_page(request: ScopedRequest) -> HttpResponse:
    named = [(name, guides.title_of(name)) for name in guides.NAMES]
    return render(request, "enrolment/guides.html", {"guides": named})


@open_to_all
@require_GET
def guide(request: ScopedRequest, name: str) -> HttpResponse:
    context = {"title": guides.title_of(name), "text": guides.page_of(name)}
    return render(request, "enrolment/guide.html", context)


@never_cache
@require_GET
@requires(DECIDES)
def waiting(request: ScopedRequest) -> HttpResponse:
    page = Paginator(queries.places_waiting(request.scope), PAGE_ROWS).get_page(request.GET.get("page"))
    return render(request, "enrolment/waiting.html", {"page": page, "as_of": now()})


@never_cache
@require_GET
@requires(DECIDES)
def place(request: ScopedRequest, place_id: int) -> HttpResponse:
    return _page(request, place_id, RefusalForm())


def _page(request: ScopedRequest, place_id: int, form: RefusalForm) -> HttpResponse:
    context = {
        "place": queries.place(request.scope, place_id),
        "phone": queries.phone_of(request.scope, place_id),
        "twins": queries.twins_of(request.scope, place_id),
        "form": form,
    }
    return render(request, "enrolment/place.html", context, status=422 if form.errors else 200)


@never_cache
@requires(DECIDES)
def correct(request: ScopedRequest, place_id: int) -> HttpResponse:
    form = PlaceForm.of(request.scope, queries.place(request.scope, place_id), request.POST or None)
    if form.is_valid():
        try:
            actions.correct_place(request.scope, place_id, form.facts)
        except actions.PlaceDecided as error:
            messages.error(request, gettext(error.sentence()))
            return redirect("enrolment:place", place_id)
        messages.success(request, gettext("The place is corrected."))
        return redirect("enrolment:waiting")
    context = {"form": form, "title": gettext("Correct the place"), "place_id": place_id}
    return with_geolocation(render(request, "enrolment/correct.html", context, status=422 if form.errors else 200))


@require_POST
@requires(DECIDES)
def approve(request: ScopedRequest, place_id: int) -> HttpResponse:
    try:
        approved = actions.approve_place(request.scope, place_id)
    except actions.PlaceDecided as error:
        messages.error(request, gettext(error.sentence()))
        return redirect("enrolment:place", place_id)
    done = gettext("Approved. The owner finds the link to sign in on the page where the place was registered.")
    messages.success(request, done)
    return redirect("visits:point", approved.point_id)


@never_cache
@require_POST
@requires(DECIDES)
def refuse(request: ScopedRequest, place_id: int) -> HttpResponse:
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return _page(request, place_id, form)
    try:
        actions.refuse_place(request.scope, place_id, form.cleaned_data["reason"])
    except actions.PlaceDecided as error:
        messages.error(request, gettext(error.sentence()))
        return redirect("enrolment:place", place_id)
    messages.success(request, gettext("Not approved. The owner reads your reason."))
    return redirect("enrolment:waiting")
