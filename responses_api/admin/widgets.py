"""The theme's form widgets, for fields that a form declares itself; Django's own for the type checker."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.forms import CheckboxSelectMultiple as Ticks
    from django.forms import Select, Textarea, TextInput
else:
    from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as Ticks
    from unfold.widgets import UnfoldAdminSelectWidget as Select
    from unfold.widgets import UnfoldAdminTextareaWidget as Textarea
    from unfold.widgets import UnfoldAdminTextInputWidget as TextInput

__all__ = ["Select", "TextInput", "Textarea", "Ticks"]
