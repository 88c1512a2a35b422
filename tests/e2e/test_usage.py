"""Usage over the whole path: asked with OpenAI's own client, shown on the dashboard, downloaded."""

import json
import re
import time
from typing import Any

from tests.e2e.stacks import MODEL, Stack, wait_until


def completions(stack: Stack, key: str, **parameters: Any) -> Any:
    """The usage of the last hour in one bucket per day."""
    client = stack.client(admin_api_key=key)
    start = int(time.time()) - 3600
    return client.admin.organization.usage.completions(start_time=start, limit=31, **parameters)


def used(page: Any) -> tuple[int, int, int]:
    """Requests, tokens of input and tokens of output of all buckets."""
    results = [result for bucket in page.data for result in bucket.results]
    return (
        sum(result.num_model_requests for result in results),
        sum(result.input_tokens for result in results),
        sum(result.output_tokens for result in results),
    )


def rolled_up(stack: Stack) -> bool:
    (row,) = stack.query("SELECT count(*) AS waiting FROM responses_api_usage WHERE NOT rolled_up")
    return bool(row["waiting"] == 0)


def test_usage_is_told_at_once_and_stays_the_same_when_it_is_rolled_up(serve_stack: Stack) -> None:
    key = serve_stack.make_api_key("usage")
    client = serve_stack.client(api_key=key)
    answers = [client.responses.create(model=MODEL, input=f"count {n}") for n in range(3)]
    usages = [answer.usage for answer in answers if answer.usage is not None]
    expected = (3, sum(each.input_tokens for each in usages), sum(each.output_tokens for each in usages))
    assert used(completions(serve_stack, key)) == expected
    wait_until(lambda: rolled_up(serve_stack), within=30)
    assert used(completions(serve_stack, key)) == expected
    by_model = completions(serve_stack, key, group_by=["model"], bucket_width="1h", models=[MODEL])
    assert used(by_model) == expected
    assert {result.model for bucket in by_model.data for result in bucket.results} == {MODEL}
    client = serve_stack.client(admin_api_key=key)
    costs: Any = client.admin.organization.usage.costs(start_time=int(time.time()) - 3600)
    assert {result.amount.currency for bucket in costs.data for result in bucket.results} == {"usd"}

    with serve_stack.http() as http:
        own = http.get("/v1/usage", headers={"Authorization": f"Bearer {key}"}).json()
    assert own["api_key"]["month"]["requests"] == own["user"]["month"]["requests"] == 3


def test_the_operator_reads_the_dashboard_and_downloads_usage(serve_stack: Stack) -> None:
    response = serve_stack.client().responses.create(model=MODEL, input="on the dashboard")
    user, password = serve_stack.login
    with serve_stack.http() as http:
        del http.headers["Authorization"]
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', http.get("/admin/login/").text)
        assert token is not None
        http.post(
            "/admin/login/",
            data={"username": user, "password": password, "csrfmiddlewaretoken": token[1], "next": "/admin/"},
        )
        page = http.get("/admin/")
        assert page.status_code == 200
        assert "Time to first token" in page.text
        rows = [json.loads(line) for line in http.get("/admin/export/usage/?form=jsonl").iter_lines()]
    assert response.id in {row["response_id"] for row in rows}
