"""Prompt templates: written here, used by clients by their id."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from responses_api.admin.records import AnyModelAdmin, AnyTabularInline, pretty_json
from responses_api.admin.widgets import Select, Textarea
from responses_api.core.errors import InvalidRequest
from responses_api.core.prompt_templates import parse_template
from responses_api.models import PromptTemplate, PromptVersion
from responses_api.runtime.identifiers import new_id
from responses_api.storage import prompts
from responses_api.storage.item_rows import as_jsonb, from_jsonb

if TYPE_CHECKING:
    PromptTemplateModelForm = forms.ModelForm[PromptTemplate]
else:
    PromptTemplateModelForm = forms.ModelForm

_BODY_HELP = (
    "Members of a request: instructions, input (messages), model, tools, reasoning …, for instance "
    '{"instructions": "Answer in {{language}}."}. {{name}} stands for a variable in instructions and '
    "messages. Saving a change makes a new version, which becomes the current one."
)


class PromptTemplateForm(PromptTemplateModelForm):
    """A template with the body of its current version."""

    body = forms.JSONField(help_text=_BODY_HELP, widget=Textarea(attrs={"rows": 20}))
    current = forms.ModelChoiceField(
        PromptVersion.objects.none(),
        required=False,
        label="Current version",
        help_text="Used by requests that name no version.",
        widget=Select,
    )

    class Meta:
        model = PromptTemplate
        fields = ("name", "owner")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = PromptVersion.objects.filter(prompt=self.instance.pk).order_by("-version")
        current = versions.filter(is_current=True).first()
        chosen = self.fields["current"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = versions
        chosen.initial = current
        self.fields["body"].initial = current.body if current is not None else {"instructions": ""}

    def clean_body(self) -> Any:
        """The body, if it is a template.

        Raises:
            ValidationError: it is none.
        """
        body = from_jsonb(as_jsonb(self.cleaned_data["body"]))
        try:
            parse_template(body)
        except InvalidRequest as error:
            raise ValidationError(error.message) from None
        return body

    def clean(self) -> dict[str, Any]:
        """Not both at once: another version chosen, and a new one written.

        Raises:
            ValidationError: both.
        """
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk and {"body", "current"} <= set(self.changed_data):
            raise ValidationError("Choose another version or write a new one, not both at once.")
        return cleaned


class VersionRows(AnyTabularInline):
    """All versions of a template, to read."""

    model = PromptVersion
    fields = ("version", "is_current", "created_at", "shown")
    readonly_fields = fields
    ordering = ("-version",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: saving a changed body adds one."""
        return False

    @admin.display(description="body")
    def shown(self, version: PromptVersion) -> str:
        """The body as text."""
        return pretty_json(version.body)


@admin.register(PromptTemplate)
class PromptTemplateAdmin(AnyModelAdmin):
    """Writes templates. A version that exists is never changed."""

    form = PromptTemplateForm
    inlines = (VersionRows,)
    list_display = ("name", "id", "owner", "current_version", "created_at")
    list_select_related = ("owner",)
    list_filter = ("owner",)
    search_fields = ("name", "=id")
    ordering = ("name", "pk")
    autocomplete_fields = ("owner",)
    readonly_fields = ("id", "created_at")
    fields = ("name", "owner", "id", "created_at", "current", "body")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new template has no id and no versions to choose from."""
        return self.fields if obj is not None else ("name", "owner", "body")

    def save_model(
        self, request: HttpRequest, obj: PromptTemplate, form: PromptTemplateForm, change: bool
    ) -> None:
        """A new template gets its id; a changed body becomes a version."""
        if not change:
            obj.id = new_id("pmpt")
        super().save_model(request, obj, form, change)
        chosen = form.cleaned_data["current"]
        if not change or "body" in form.changed_data:
            version = prompts.add_version(obj.id, form.cleaned_data["body"])
            self.message_user(request, f"Version {version.version} is the current one.", messages.SUCCESS)
        elif chosen is not None and not chosen.is_current:
            prompts.make_current(chosen)
            self.message_user(request, f"Version {chosen.version} is the current one.", messages.SUCCESS)

    @admin.display(description="current version")
    def current_version(self, prompt: PromptTemplate) -> str:
        """Its number."""
        current = prompt.versions.filter(is_current=True).first()
        return str(current.version) if current is not None else "-"
