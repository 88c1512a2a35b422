"""How figures and rows are worded and linked on the admin's pages."""

from django.contrib.admin.utils import quote
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from responses_api.models import Outcome, TraceKind

_OUTCOME_LOOKS = {
    Outcome.IN_PROGRESS: "info",
    Outcome.COMPLETED: "success",
    Outcome.TOOL_CALL: "success",
    Outcome.INCOMPLETE: "warning",
    Outcome.CANCELLED: "warning",
    Outcome.CLIENT_DISCONNECT: "warning",
}


def link_to(model: str, pk: str, text: str = "") -> SafeString:
    """A link to the page of a row of ``model``; the text is its id unless another is given."""
    return format_html('<a class="zg-link" href="{}">{}</a>', page_of(model, pk), text or pk)


def page_of(model: str, pk: str) -> str:
    """The address of that page."""
    return reverse(f"admin:responses_api_{model}_change", args=[quote(pk)])


def outcome_label(outcome: str) -> SafeString:
    """An outcome, coloured and in words."""
    known = Outcome(outcome)
    look = _OUTCOME_LOOKS.get(known, "danger")
    return render_to_string("unfold/helpers/label.html", {"type": look, "text": known.label})


def kind_label(kind: str, host: str = "") -> SafeString:
    """What a trace records where that is not an exchange of the gateway's; empty if it is.

    Args:
        kind: of the trace.
        host: where the call went.
    """
    if kind == TraceKind.EXCHANGE:
        return SafeString("")
    said = "A model call of another program that passed the interceptor"
    title = f"{said}, to {host}" if host else said
    words = {"text": "unmatched", "label_title": title}
    return render_to_string("unfold/helpers/label.html", words)


def duration(milliseconds: float | None) -> str:
    """``8.2 ms``, ``845 ms``, ``12.4 s``, ``3 min 5 s``; a dash for None."""
    if milliseconds is None:
        return "–"
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def counted(number: int, thing: str) -> str:
    """``1 error``, ``0 errors``, ``1 234 errors``."""
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def count(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}".replace(",", "\u202f")
