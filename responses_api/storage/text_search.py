"""Looking for words in what was said: the texts of stored items, by an index of PostgreSQL's.

The index is over ``responses_api_item_text``, a function in the database that takes the texts
of messages, thoughts, calls and their results out of an item, up to a bound.
"""

from typing import Any

from django.db.models import BooleanField, F, Func, QuerySet, TextField, Value

from responses_api.models import Item

MAX_FOUND = 2000
"""Items that a search looks at: with a common word it stays quick, and finds some."""


def responses_with(words: str, owner_id: int | None = None) -> QuerySet[Item, Any]:
    """The ids of responses in which ``words`` were said, as a subquery.

    Args:
        words: as in a search engine: all of them, ``"in a row"``, ``or``, ``-without``.
        owner_id: whose responses; None for everybody's.
    """
    text = Func(F("wire"), function="responses_api_item_text", output_field=TextField())
    vector = Func(text, template="to_tsvector('simple', %(expressions)s)")
    query = Func(Value(words), template="websearch_to_tsquery('simple', %(expressions)s)")
    found = Item.objects.filter(
        Func(vector, query, template="(%(expressions)s)", arg_joiner=" @@ ", output_field=BooleanField())
    )
    if owner_id is not None:
        found = found.filter(response__owner_id=owner_id)
    return found.values("response_id")[:MAX_FOUND]
