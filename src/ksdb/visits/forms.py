"""Forms of this room: a day to be deleted, how a point works, a device's name."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.template.defaultfilters import date as written_date
from django.utils.translation import gettext_lazy as _

from ksdb.approvals.forms import ReasonField
from ksdb.core.names import stored_name
from ksdb.places.models import ScanPoint
from ksdb.visits.actions import Ways
from ksdb.visits.disputing import MOST_TEXT
from ksdb.visits.queries import Silence
from ksdb.visits.retiming import LONGEST_SPAN


class DayDeleteForm(forms.Form):
    """Which day, and why."""

    day = forms.TypedChoiceField(label=_("Day"), coerce=date.fromisoformat)
    reason = ReasonField()

    def __init__(self, days: Sequence[date], data: Any = None) -> None:
        super().__init__(data)
        choices = [(day.isoformat(), written_date(day, "j/n/Y")) for day in days]
        self.fields["day"].choices = choices  # type: ignore[attr-defined]


class TimeField(forms.TimeField):
    """A time of the day, as `07:30`."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class WaysForm(forms.Form):
    """How a point works."""

    opens_at = TimeField(label=_("Opens at"))
    closes_at = TimeField(label=_("Closes at"), help_text=_("Earlier than the opening: open over midnight"))
    capacity = forms.IntegerField(label=_("How many people it holds"), required=False, min_value=1, max_value=100_000)
    lanes = forms.IntegerField(label=_("Lanes side by side"), min_value=1, max_value=20)
    is_exit_scanned = forms.BooleanField(label=_("People are scanned when they leave, too"), required=False)

    @classmethod
    def of(cls, point: ScanPoint, data: Any = None) -> "WaysForm":
        return cls(data, initial={name: getattr(point, name) for name in cls.base_fields})

    @property
    def ways(self) -> Ways:
        return Ways(**self.cleaned_data)


def _instant(label: Any, help_text: Any = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local", "class": "govuk-input--width-20"}, "%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, help_text=help_text, widget=widget)


class RetimingForm(forms.Form):
    """From when until when a device's clock was wrong, and by how much: what it showed, and what time it really was."""

    since = _instant(
        _("Scans from"), _("By the times that stand in the log now: those of the wrong clock, not the true ones")
    )
    until = _instant(_("Scans before"))
    shown = _instant(_("At one moment the device showed"))
    real = _instant(_("And it really was"))
    why = ReasonField(_("How you know"))

    @property
    def offset(self) -> timedelta:
        """What has to be added to the device's times."""
        said: timedelta = self.cleaned_data["real"] - self.cleaned_data["shown"]
        return said

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        since, until = said.get("since"), said.get("until")
        if since and until and not since < until <= since + LONGEST_SPAN:
            self.add_error("until", _("Choose an end after the beginning, and at most 62 days."))
        if said.get("shown") and said.get("shown") == said.get("real"):
            self.add_error("real", _("These are the same time. Then there is nothing to move."))
        return said


class DeviceNameForm(forms.Form):
    """What the owner calls a device."""

    name = forms.CharField(label=_("Name of the device"), help_text=_("For example: front gate, lane 2"), max_length=80)

    def clean_name(self) -> str:
        return stored_name(self.cleaned_data["name"])


class SilenceForm(forms.Form):
    """Which silent points: for how long, of which kind, where."""

    days = forms.TypedChoiceField(
        label=_("Open without a scan for"),
        coerce=int,
        choices=[
            (0, _("2 opening hours")),
            (1, _("1 opening day")),
            (3, _("3 opening days")),
            (7, _("7 opening days")),
            (14, _("14 opening days")),
        ],
    )
    kind = forms.ChoiceField(label=_("Type"), required=False)
    division = forms.TypedChoiceField(label=_("Division"), required=False, coerce=int, empty_value=None)

    def __init__(self, kinds: Sequence[tuple[str, str]], divisions: Sequence[tuple[int, str]], data: Any) -> None:
        given = {name: data[name] for name in self.base_fields if data.get(name)}
        super().__init__({"days": "3", **given})
        self.fields["kind"].choices = [("", _("all")), *kinds]  # type: ignore[attr-defined]
        self.fields["division"].choices = [("", _("all")), *divisions]  # type: ignore[attr-defined]

    @property
    def silence(self) -> Silence:
        """What is asked for; three days of everything where the address says something strange."""
        if not self.is_valid():
            return Silence(3)
        return Silence(self.cleaned_data["days"], self.cleaned_data["kind"], self.cleaned_data["division"])


class DecisionForm(forms.Form):
    """The answer to a dispute."""

    answer = forms.ChoiceField(
        label=_("Your answer"),
        widget=forms.RadioSelect,
        choices=[
            ("accepted", _("Accept: the visit counts no more, and traces that used it run again")),
            ("declined", _("Decline: the visit counts as before")),
        ],
    )
    note = forms.CharField(
        label=_("Why"),
        help_text=_("The person may read it. For example: the camera shows somebody else with the card."),
        min_length=10,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )

    @property
    def is_accepted(self) -> bool:
        return bool(self.cleaned_data["answer"] == "accepted")
