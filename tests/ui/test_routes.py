"""The HTTP API, asked over a real socket."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.data.dataset import Dataset
from core.home import Home
from core.predictor import Predictor
from tests.core.test_execute import queued, start
from ui.routes import routes


@pytest.fixture
def port(home: Home, dataset: Dataset) -> Iterator[int]:
    assert start(queued(home, dataset, "tfidf-linear")).wait(120) == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    with Predictor(home) as predictor:
        app = Starlette(routes=routes(home, predictor))
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=number, log_level="error"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield number
        server.should_exit = True
        thread.join(10)


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    raw = body if isinstance(body, str | None) else json.dumps(body)
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request(method, path, raw, sent)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_the_api_answers_and_refuses(port: int) -> None:
    status, health = ask(port, "GET", "/api/health")
    assert (status, health["status"], health["datasets"], health["runs"]) == (200, "ok", ["things"], {"finished": 1})
    status, rows = ask(port, "GET", "/api/results/things")
    assert status == 200
    assert rows[0]["candidate"] == "tfidf-linear"
    assert ask(port, "GET", "/api/results/thing")[0] == 404

    asked = {"candidate": "tfidf-linear", "dataset": "things", "texts": ["the cat and the dog", "seven and nine"]}
    status, answer = ask(port, "POST", "/api/predict", asked)
    assert status == 200
    assert [p["text"] for p in answer["predictions"]] == asked["texts"]
    assert all(abs(sum(p["probabilities"].values()) - 1) < 1e-3 for p in answer["predictions"])

    for body in ("{", "[]", {"texts": []}, {"texts": "a"}, {"texts": [1]}, {"texts": ["a"]}, {"run": 3, "texts": ["a"]},
                 {"run": "x", "texts": ["a"] * 1001}):  # fmt: skip
        status, answer = ask(port, "POST", "/api/predict", body)
        assert status == 400, body
        assert answer["error"]["remedy"]
    assert ask(port, "POST", "/api/predict", {"run": "nothing", "texts": ["a"]})[0] == 404
    assert ask(port, "POST", "/api/predict", asked, Content_Type="text/plain")[0] == 400
    assert ask(port, "POST", "/api/predict", asked, Host="evil.example")[0] == 403
    assert ask(port, "GET", "/api/health", Host="evil.example")[0] == 403


@pytest.mark.parametrize("query", ["", "?dataset=a%20b&metric=macro_f1"])
def test_the_name_of_the_first_page_leads_to_it(home: Home, query: str) -> None:
    with Predictor(home) as predictor:
        client = TestClient(Starlette(routes=routes(home, predictor)))
        answer = client.get(f"/overview{query}", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == f"/{query}"
