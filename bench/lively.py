"""A lively installation for the docs' pictures: real requests of several people, spread over a day."""

import random
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import openai
import psycopg

from bench import processes

MODELS = ("gemini-3.8-flash", "gemini-3.8-flash", "gemini-3.8-flash", "gemini-3.5-flash", "gemini-2.5-flash")
KEYS = {"agent": "grace", "notebook": "ada", "website": "grace", "nightly report": "alan"}
_CROWD = 240
_PATIENCE = 120

_WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather at a place.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
_QUESTIONS = (
    "What is a semaphore?",
    "Summarise the minutes of the last meeting in three sentences.",
    "Translate 'good morning' into Norwegian.",
    "Write a haiku about rain on a tin roof.",
    "Which of these two queries is faster, and why?",
)
_PRICES: Final = """
UPDATE responses_api_servedmodel SET input_price = 0.5, cached_input_price = 0.05, output_price = 3
"""
"""Made up: a new catalogue has none."""
_MOVES: Final = """
CREATE TEMPORARY TABLE moved AS
SELECT trace_id, (random() + random()) * interval '11.5 hours' AS ago FROM responses_api_usage
"""
_MOVED: Final = "started_at = started_at - ago, ended_at = ended_at - ago"
_PLAN = """**Saturday**: the ferry to Hovedøya, then a walk along the Akerselva.

**Sunday**: the opera's roof in the morning, the Munch museum if it rains.

1. A light coat is enough.
2. Book the museum ahead."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A gateway that runs."""

    base_url: str
    environment: dict[str, str]
    conninfo: str

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """What ``manage.py ARGUMENTS`` prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.environment,
            cwd=processes.ROOT,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode:
            raise processes.ProcessFailed(f"manage.py {' '.join(arguments)} failed:\n{done.stderr}")
        return done.stdout.strip()

    def client(self, key: str) -> openai.OpenAI:
        """OpenAI's own client."""
        return openai.OpenAI(base_url=f"{self.base_url}/v1", api_key=key, max_retries=0, timeout=_PATIENCE)


def populate(gateway: Installation) -> str:
    """People, keys, accounts and a day of requests; the id of the last response of a longer conversation."""
    with psycopg.connect(gateway.conninfo) as connection:
        connection.execute(_PRICES)
    keys = {
        name: gateway.manage("createapikey", "--name", name, "--user", user, "--quiet")
        for name, user in KEYS.items()
    }
    add = ("addcredential", "--name")
    gateway.manage(*add, "team account", "--default", "--api-key-stdin", stdin="simulated-key")
    gateway.manage(*add, "grace's account", "--user", "grace", "--api-key-stdin", stdin="simulated-key")
    gateway.manage(
        *add,
        "alan's token",
        "--user",
        "alan",
        "--access-token-stdin",
        "--expires-in",
        "2400",
        stdin="simulated",
    )
    clients = [gateway.client(key) for key in keys.values()]
    with ThreadPoolExecutor(3) as crowd:
        for asked in [crowd.submit(_ask, *each) for each in _crowd(clients)]:
            asked.result()
    _spread(gateway)
    _pass_by(gateway)
    return _plan_a_weekend(clients[0])


def _crowd(clients: list[openai.OpenAI]) -> Iterator[tuple[openai.OpenAI, dict[str, Any]]]:
    """Requests as they come in a day: most go well."""
    chance = random.Random(7)
    for _ in range(_CROWD):
        client = chance.choices(clients, [5, 2, 4, 1])[0]
        question = chance.choice(_QUESTIONS)
        kind = chance.random()
        more: dict[str, Any] = {}
        if kind < 0.2:
            question = 'How is the weather in Oslo? [[call=get_weather args={"city": "Oslo"}]]'
            more = {"tools": [_WEATHER]}
        elif kind < 0.24:
            question += chance.choice([" [[status=503]]", " [[status=429 retry=7]]"])
        elif kind < 0.26:
            question += " [[finish=SAFETY]]"
        elif kind < 0.27:
            question, more = f"{question} [[chunks=4]] [[stall=2]]", {"timeout": 1}
        else:
            delay = chance.choice([5, 20, 60])
            question += (
                f" [[chunks={chance.randint(3, 30)}]] [[delay_ms={delay}]] [[first_delay_ms={delay * 8}]]"
            )
        yield client, {"model": chance.choice(MODELS), "input": question, "extra_body": more}


def _ask(client: openai.OpenAI, request: dict[str, Any]) -> None:
    with suppress(openai.APIStatusError, openai.APIError):
        for _ in client.responses.create(**request, stream=True):
            pass


def _spread(gateway: Installation) -> None:
    """Over the last day, fewer by night; the gateway rolls them up anew."""
    with psycopg.connect(gateway.conninfo, autocommit=True) as connection:
        connection.execute("SELECT setseed(0.4)")
        connection.execute(_MOVES)
        connection.execute(f"UPDATE responses_api_trace SET {_MOVED} FROM moved WHERE id = trace_id")
        connection.execute(
            "UPDATE responses_api_usage AS used SET at = at - ago, rolled_up = FALSE FROM moved"
            " WHERE used.trace_id = moved.trace_id"
        )
        connection.execute("DELETE FROM responses_api_rollup")


def _pass_by(gateway: Installation) -> None:
    """Another program calls the model through the interceptor, without the gateway."""
    settings = gateway.environment
    trust = ssl.create_default_context(
        cafile=str(Path(settings["DATA_DIR"], "interceptor", "mitmproxy-ca-cert.pem"))
    )
    proxy = f"http://127.0.0.1:{settings['INTERCEPTOR_PORT']}"
    with httpx2.Client(proxy=proxy, verify=trust, trust_env=False) as program:
        program.post(
            f"{settings['UPSTREAM_URL']}/v1beta/models/gemini-3.5-flash:generateContent",
            headers={"x-goog-api-key": "simulated-key", "user-agent": "gemini-cli/1.4"},
            json={"contents": [{"role": "user", "parts": [{"text": "Hello."}]}]},
            timeout=_PATIENCE,
        )


def _plan_a_weekend(client: openai.OpenAI) -> str:
    """A tool call, its answer and what follows, with thoughts; the id of the last response."""
    asked = client.responses.create(
        model=MODELS[0],
        instructions="You plan short trips. Be brief.",
        input="Two days in Oslo in October, what should we do?"
        ' [[thoughts=5]] [[delay_ms=60]] [[first_delay_ms=300]] [[call=get_weather args={"city": "Oslo"}]]',
        tools=[_WEATHER],
        reasoning={"effort": "high", "summary": "auto"},
    )
    (call,) = (item for item in asked.output if item.type == "function_call")
    weather: Any = {
        "type": "function_call_output",
        "call_id": call.call_id,
        "output": '{"sky": "clear", "celsius": 9}',
    }
    answered = client.responses.create(model=MODELS[0], previous_response_id=asked.id, input=[weather])
    last = client.responses.create(
        model=MODELS[0],
        previous_response_id=answered.id,
        input=f"And the plan, please. [[thoughts=6]] [[first_delay_ms=400]] [[delay_ms=45]] [[text={_PLAN}]]",
        reasoning={"effort": "high", "summary": "auto"},
        stream=True,
    )
    return [event.response.id for event in last if event.type == "response.completed"][0]
