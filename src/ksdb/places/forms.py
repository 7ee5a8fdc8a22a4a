"""Form fields of this room: where on the map a place lies."""

import re
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

_PAIR: Final = re.compile(r"\s*(\d{1,3}(?:\.\d+)?)\s*[,; ]\s*(\d{1,3}(?:\.\d+)?)\s*")
_LATITUDES: Final = (8.0, 24.0)
_LONGITUDES: Final = (102.0, 118.0)
"""Within these lies Viet Nam with its islands; whoever types the two the wrong way round lies outside."""

Position = tuple[float, float]


class PositionWidget(forms.TextInput):
    """A text, and a button by which a phone fills it in from where it is."""

    template_name = "places/position_widget.html"


class PositionField(forms.CharField):
    """Latitude and longitude as maps copy them, `16.46370, 107.59090`; None when nothing is said."""

    widget = PositionWidget

    def __init__(self) -> None:
        super().__init__(
            label=_("Where it lies on the map"),
            help_text=_("Latitude and longitude. By it one sees that a card was at two places too far apart."),
            required=False,
            max_length=60,
        )

    def clean(self, value: Any) -> Position | None:
        text = str(super().clean(value))
        if not text.strip():
            return None
        found = _PAIR.fullmatch(text)
        if found is None:
            raise forms.ValidationError(gettext("Write two numbers, as 16.4637, 107.5909."))
        latitude, longitude = float(found[1]), float(found[2])
        if not (_LATITUDES[0] <= latitude <= _LATITUDES[1] and _LONGITUDES[0] <= longitude <= _LONGITUDES[1]):
            raise forms.ValidationError(gettext("This is not in Viet Nam. Latitude comes first, then longitude."))
        return latitude, longitude


def written(latitude: float | None, longitude: float | None) -> str:
    """As the field shows it: to a metre."""
    return "" if latitude is None or longitude is None else f"{latitude:.5f}, {longitude:.5f}"
