"""What the operator reads; that the printed lines work is shown end to end."""

from interceptor.stack.banner import banner
from interceptor.stack.first_run import FirstRun

FIRST = FirstRun("admin", "pass-word", "zg-key")


def test_the_first_run_shows_the_logins_and_lines_to_paste() -> None:
    text = banner("http://127.0.0.1:8000", "simulator at https://x", simulated=True, model="m", first=FIRST)

    assert "ANSWERS ARE SIMULATED" in text
    assert "http://127.0.0.1:8000/v1\n" in text
    assert "http://127.0.0.1:8000/admin/" in text
    assert "login admin, password pass-word" in text
    assert [line.split()[0] for line in text.splitlines() if line[:1].isalpha()] == [
        "curl",
        "python3",
        'OpenAI(base_url="http://127.0.0.1:8000/v1",',
    ]


def test_later_runs_show_no_secret() -> None:
    text = banner("http://127.0.0.1:8000", "https://upstream", simulated=False, model="m", first=None)

    assert "SIMULATED" not in text
    assert "password" not in text
    assert "https://upstream" in text
    assert "createapikey" in text
