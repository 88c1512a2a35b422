"""Prompt templates in PostgreSQL: found for a request, and kept as versions that never change.

Plain synchronous functions, each one transaction.
"""

from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from responses_api.core.errors import InternalError, InvalidRequest, NotFound
from responses_api.core.prompt_templates import PromptTemplate as TemplateValue
from responses_api.core.prompt_templates import parse_template
from responses_api.models import PromptTemplate, PromptVersion

_LARGEST_VERSION = 2**31 - 1


def find_version(owner_id: int, prompt_id: str, version: str | None) -> PromptVersion:
    """A version of a template that ``owner_id`` may use: the one named, or the current one. One query.

    Raises:
        NotFound: there is none; the same for unknown and other people's templates.
    """
    usable = PromptVersion.objects.filter(
        Q(prompt__owner=None) | Q(prompt__owner=owner_id), prompt_id=prompt_id.replace("\x00", "")
    )
    if version is None:
        found = usable.filter(is_current=True).first()
    else:
        number = _number(version)
        found = None if number is None else usable.filter(version=number).first()
    if found is None:
        which = "" if version is None else f" and version '{version}'"
        raise NotFound(
            f"Prompt with id '{prompt_id}'{which} not found.", param="prompt", code="prompt_not_found"
        )
    return found


def _number(version: str) -> int | None:
    plain = version.isascii() and version.isdecimal() and len(version) <= 10
    return int(version) if plain and int(version) <= _LARGEST_VERSION else None


def template_of(version: PromptVersion) -> TemplateValue:
    """The template that ``version`` keeps.

    Raises:
        InternalError: it does not hold one; it was not written by ``add_version``.
    """
    try:
        return parse_template(version.body)
    except InvalidRequest as error:
        raise InternalError(f"The prompt template {version} cannot be used: {error.message}") from error


@transaction.atomic
def add_version(prompt_id: str, body: dict[str, Any]) -> PromptVersion:
    """Keep ``body`` as the template's next version, which becomes the current one.

    Raises:
        InvalidRequest: ``body`` is no template.
    """
    parse_template(body)
    prompt = PromptTemplate.objects.select_for_update().get(pk=prompt_id)
    last = prompt.versions.aggregate(last=Max("version"))["last"] or 0
    prompt.versions.filter(is_current=True).update(is_current=False)
    return prompt.versions.create(version=last + 1, body=body, is_current=True)


@transaction.atomic
def make_current(version: PromptVersion) -> None:
    """Requests that name no version use this one from now on."""
    prompt = PromptTemplate.objects.select_for_update().get(pk=version.prompt_id)
    prompt.versions.filter(is_current=True).update(is_current=False)
    prompt.versions.filter(pk=version.pk).update(is_current=True)
