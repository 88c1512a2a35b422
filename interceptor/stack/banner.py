"""What ``serve`` prints once everything is up. Pure."""

from interceptor.stack.first_run import FirstRun

_SIMULATED = """
  ****************************************************************
  *  ANSWERS ARE SIMULATED: no model is asked.                   *
  *  Set GEMINI_API_KEY (your own) to talk to the Gemini API.    *
  ****************************************************************
"""


def banner(base_url: str, upstream: str, *, simulated: bool, model: str, first: FirstRun | None) -> str:
    """The text for the operator.

    Args:
        base_url: where clients connect, without ``/v1``.
        upstream: where answers come from.
        simulated: whether that is the simulator.
        model: the default model.
        first: logins made in this very run, shown only now.
    """
    lines = [_SIMULATED if simulated else "", "  The gateway is up. Ctrl-C ends it.", ""]
    lines += [
        f"  Base URL   {base_url}/v1",
        f"  Upstream   {upstream}",
        f"  Admin      {base_url}/admin/",
    ]
    if first is None:
        lines += ["", "  API keys: the admin, or  .venv/bin/python manage.py createapikey --name NAME", ""]
        return "\n".join(lines)
    lines += [
        f"             login {first.user}, password {first.password}   (shown once)",
        f"  API key    {first.api_key}   (shown once)",
        "",
        "  Try it, with curl or with Python:",
        "",
        *_first_requests(f"{base_url}/v1/responses", first.api_key, model),
        "",
        "  or with the OpenAI SDK:",
        "",
        f'OpenAI(base_url="{base_url}/v1", api_key="{first.api_key}")',
        "",
    ]
    return "\n".join(lines)


def _first_requests(url: str, api_key: str, model: str) -> list[str]:
    """Lines that work when pasted into a shell on any machine."""
    return [
        f"curl -N {url} -H 'Authorization: Bearer {api_key}' -H 'Content-Type: application/json' "
        f"""-d '{{"model": "{model}", "input": "Say hello.", "stream": true}}'""",
        "",
        f"""python3 -c 'import json, urllib.request as r; print(json.load(r.urlopen(r.Request("{url}", """
        f"""json.dumps({{"model": "{model}", "input": "Say hello."}}).encode(), """
        f"""{{"Authorization": "Bearer {api_key}", "Content-Type": "application/json"}}))))'""",
    ]
