"""The operator's pages, with the login that the first run printed."""

import re

from tests.e2e.stacks import MODEL, Stack


def test_the_operator_logs_in_and_sees_the_trace(serve_stack: Stack) -> None:
    response = serve_stack.client().responses.create(model=MODEL, input="seen by the operator")
    user, password = serve_stack.login
    with serve_stack.http() as http:
        del http.headers["Authorization"]
        assert http.get("/admin/").headers["location"].startswith("/admin/login/")
        page = http.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token is not None
        form = {"username": user, "password": password, "csrfmiddlewaretoken": token[1], "next": "/admin/"}
        assert http.post("/admin/login/", data=form).headers["location"] == "/admin/"

        traces = http.get("/admin/responses_api/trace/")
        assert traces.status_code == 200
        for page_name in ("response", "usage", "apikey", "credential"):
            assert http.get(f"/admin/responses_api/{page_name}/").status_code == 200, page_name
        (trace,) = serve_stack.query(
            "SELECT id FROM responses_api_trace WHERE response_id = %(id)s", id=response.id
        )
        assert trace["id"] in traces.text
        assert http.get(f"/admin/responses_api/trace/{trace['id']}/change/").status_code == 200


def test_a_wrong_password_does_not_log_in(serve_stack: Stack) -> None:
    with serve_stack.http() as http:
        page = http.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token is not None
        form = {"username": "admin", "password": "guess", "csrfmiddlewaretoken": token[1]}
        assert http.post("/admin/login/", data=form).status_code == 200
        assert http.get("/admin/responses_api/trace/").status_code == 302


def test_the_admin_has_its_style(serve_stack: Stack) -> None:
    with serve_stack.http() as http:
        assert http.get("/static/admin/css/base.css").headers["content-type"].startswith("text/css")
