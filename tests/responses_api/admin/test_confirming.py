from django.contrib.auth.models import User
from django.test import Client

from responses_api.models import ApiKey
from tests.conftest import MakeApiKey

KEYS = "/admin/responses_api/apikey/"


def test_nothing_is_done_before_it_is_confirmed(
    operator: Client, alice: User, make_api_key: MakeApiKey
) -> None:
    key, _ = make_api_key(alice, name="<laptop>")
    make_api_key(alice, name="kept")
    answer = operator.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "This cannot be taken back." in html
    assert "&lt;laptop&gt;" in html
    assert "kept" not in html
    assert not ApiKey.objects.exclude(revoked_at=None).exists()


def test_the_page_sends_what_confirms_it(operator: Client, alice: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice)
    asked = operator.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]})
    sent = {
        "action": asked.context["action"],
        "_selected_action": asked.context["selected"],
        asked.context["confirmed"]: "yes",
    }
    operator.post(KEYS, sent)
    key.refresh_from_db()
    assert key.revoked_at is not None
