"""The catalogue of models: which are served, under which names, and what they can do."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from responses_api.admin.confirming import confirmed
from responses_api.admin.records import AnyModelAdmin, save_each
from responses_api.admin.widgets import TextInput, Ticks
from responses_api.gemini.models import MEDIA
from responses_api.model_seed import reset_model
from responses_api.models import ServedModel

if TYPE_CHECKING:
    ServedModelModelForm = forms.ModelForm[ServedModel]
else:
    ServedModelModelForm = forms.ModelForm


class NamesField(forms.CharField):
    """A list of names, written with commas or spaces between them."""

    def prepare_value(self, value: Any) -> Any:
        """The list as text."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """The text as a list."""
        return (super().to_python(value) or "").replace(",", " ").split()

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the text says another list."""
        return bool(self.to_python(data) != (initial or []))


class ServedModelForm(ServedModelModelForm):
    """A model with its lists as text and ticks."""

    aliases = NamesField(
        required=False,
        help_text="More names for it, with commas between them.",
        widget=TextInput,
    )
    input_kinds = forms.MultipleChoiceField(
        choices=[(kind, kind) for kind in MEDIA],
        required=False,
        widget=Ticks,
        help_text="Kinds of input beside text.",
    )

    class Meta:
        model = ServedModel
        exclude = ("customised",)


@admin.register(ServedModel)
class ServedModelAdmin(AnyModelAdmin):
    """Switches models on and off, edits and adds them. What was edited is marked as such."""

    form = ServedModelForm
    list_display = (
        "name",
        "enabled",
        "aliases_shown",
        "generation",
        "thinking_kind",
        "created",
        "edited",
    )
    list_editable = ("enabled",)
    list_filter = ("enabled", "generation", "image_output", "customised")
    search_fields = ("name", "upstream_name")
    ordering = ("-created", "name")
    list_per_page = 200
    actions = ("switch_on", "switch_off", "reset")
    readonly_fields = ("customised",)
    fieldsets = (
        (None, {"fields": ("name", "aliases", "enabled", "customised")}),
        ("Upstream", {"fields": ("upstream_name", "generation", "created", "language_server_model")}),
        ("Limits", {"fields": ("context_limit", "output_limit")}),
        ("Thinking", {"fields": ("thinking_kind", "thinking")}),
        (
            "Capabilities",
            {
                "fields": (
                    "input_kinds",
                    "image_output",
                    "json_with_functions",
                    "hosted_with_functions",
                    "logprobs",
                    "continuation",
                )
            },
        ),
        ("Prices", {"fields": ("input_price", "cached_input_price", "output_price")}),
    )

    def save_model(self, request: HttpRequest, obj: ServedModel, form: Any, change: bool) -> None:
        """What is edited here is left alone by ``seedmodels`` from now on."""
        if not change or form.changed_data:
            obj.customised = True
        super().save_model(request, obj, form, change)

    @admin.display(description="aliases")
    def aliases_shown(self, model: ServedModel) -> str:
        """The aliases as text."""
        return ", ".join(model.aliases) or "-"

    @admin.display(description="edited here")
    def edited(self, model: ServedModel) -> str:
        """Whether it is left alone by ``seedmodels``."""
        return "yes" if model.customised else "–"

    @admin.action(description="Switch selected models on", permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[ServedModel]) -> None:
        """From now on they are served."""
        switched = save_each(queryset.filter(enabled=False), enabled=True, customised=True)
        self.message_user(request, f"{switched} model(s) switched on.", messages.SUCCESS)

    @admin.action(description="Switch selected models off", permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[ServedModel]) -> None:
        """From now on requests for them are refused."""
        switched = save_each(queryset.filter(enabled=True), enabled=False, customised=True)
        self.message_user(request, f"{switched} model(s) switched off.", messages.SUCCESS)

    @admin.action(description="Reset selected models to their built-in values", permissions=["change"])
    @confirmed("All changes to these models are undone. Models of your own stay as they are.")
    def reset(self, request: HttpRequest, queryset: QuerySet[ServedModel]) -> None:
        """All changes to them are undone; models of the operator's own stay."""
        names = list(queryset.values_list("name", flat=True))
        own = [name for name in names if not reset_model(name)]
        self.message_user(request, f"{len(names) - len(own)} model(s) reset.", messages.SUCCESS)
        if own:
            self.message_user(request, f"Not built in: {', '.join(own)}.", messages.WARNING)
