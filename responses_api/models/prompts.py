"""Prompt templates: parts of a request that the operator keeps, with variables and versions."""

from django.conf import settings
from django.db import models


class PromptTemplate(models.Model):
    """A named prompt; requests name it by id."""

    id = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=100)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="prompt_templates",
        help_text="Whose requests may use it; empty: everybody's.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class PromptVersion(models.Model):
    """One version of a template. Never changed once it is used: a change makes a new one."""

    prompt = models.ForeignKey(PromptTemplate, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    body = models.JSONField(
        help_text="Members of a request: instructions, input, model, tools … {{name}} stands for a variable."
    )
    is_current = models.BooleanField(default=False, help_text="Used where a request names no version.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prompt", "version"], name="prompt_version"),
            models.UniqueConstraint(
                fields=["prompt"], condition=models.Q(is_current=True), name="one_current_prompt_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prompt_id} v{self.version}"
