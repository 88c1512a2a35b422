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
        "  Try it:",
        "",
        f"curl -N {base_url}/v1/responses -H 'Authorization: Bearer {first.api_key}' "
        f"-H 'Content-Type: application/json' "
        f"""-d '{{"model": "{model}", "input": "Say hello.", "stream": true}}'""",
        "",
        "  or, with `pip install openai`:",
        "",
        f"""python3 -c 'from openai import OpenAI; print(OpenAI(base_url="{base_url}/v1", """
        f"""api_key="{first.api_key}").responses.create(model="{model}", input="Say hello.").output_text)'""",
        "",
    ]
    return "\n".join(lines)
