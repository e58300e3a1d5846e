"""Runs at a provider, executed by their real process: killed, capped, failed, resumed, asked again from the playground.

Counted at the server: no text is lost, none is paid twice beyond what was in flight at a kill, none is silently wrong.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.clients.endpoints import Endpoint
from core.clients.spending import CAP_FILE, spent_by
from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.execute import execute
from core.findings.results import results
from core.home import Home
from core.launch import launch, plan, retry
from core.metering.prices import TokenPrice
from core.planning import specs
from core.predictor import Predictor
from core.preferences import Preferences, load, save
from core.reconcile import reconcile
from core.runs import RunFolder, create_run
from core.spec import Experiment
from tests.conftest import WORDS
from tests.core.clients.faulty import KEY, FaultyServer, completion, error
from tests.core.test_execute import start, status, wait_until

MODEL = "gpt-4.1-mini"
NAME = f"api:{MODEL}-few-shot"
PRICE = TokenPrice(model=MODEL, input=1000.0, output=2000.0)
"""$0.12 an answer of the server."""
TEXTS = 36


def right(asked: dict[str, Any]) -> bytes:
    text = asked["messages"][-1]["content"]
    label = next(label for label, words in WORDS.items() if any(word in text.split() for word in words))
    return completion(f"Label: {label}")


@pytest.fixture
def server(home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    monkeypatch.setenv("MY_KEY", KEY)
    with FaultyServer(right) as server:
        endpoint = Endpoint(name="mine", base_url=server.url, key_env="MY_KEY", concurrency=4, batch_share=0.5)
        save(home, Preferences(endpoints=(endpoint,), token_prices=(PRICE,)))
        yield server
    assert dataset


def experiment(
    max_usd: float | None = None, name: str = NAME, seeds: tuple[int, ...] = (0,), **more: Any
) -> Experiment:
    settings = {name: {"endpoint": "mine", "max_new_tokens": 20, **more}}
    return Experiment(dataset="things", candidates=[name], settings=settings, max_usd=max_usd, seeds=list(seeds))


def queued(home: Home, **more: Any) -> RunFolder:
    return create_run(home, specs(home, experiment(**more))[0])


def finished(home: Home, folder: RunFolder) -> RunFolder:
    execute(folder, home)
    assert status(folder)[0] == "finished", folder.state
    return folder


def predictions(folder: RunFolder) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder.path / "predictions.parquet").to_pylist()
    return rows


def test_a_killed_run_goes_on_and_pays_for_nothing_twice_but_what_was_in_flight(
    home: Home, server: FaultyServer
) -> None:
    server.reply = lambda asked: (time.sleep(0.05), right(asked))[1]
    folder = queued(home)
    process = start(folder)
    wait_until(lambda: sum(server.billed.values()) >= 12)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert sum(server.billed.values()) < TEXTS, "it was killed too late to tell anything"
    reconcile(home)
    finished(home, folder)
    rows = predictions(folder)
    assert len(rows) == TEXTS
    assert all(row["prediction"] == row["target"] for row in rows)
    twice = [text for text, count in server.billed.items() if count > 1]
    assert len(server.billed) == TEXTS
    assert max(server.billed.values()) <= 2
    lost = folder.notes.get("requests_without_answer", 0)
    assert len(twice) <= lost <= 4
    usage = folder.usage["predict"]
    assert (usage.tokens.input, usage.tokens.output, usage.uncounted) == (100 * TEXTS, 10 * TEXTS, 0)
    assert usage.texts == TEXTS
    assert len(folder.usage["latency"].latency_ms) == TEXTS // 2


def test_a_run_is_metered_by_its_tokens_and_not_by_this_machine(home: Home, server: FaultyServer) -> None:
    folder = finished(home, queued(home, batch_price=True))
    predict, fit = folder.usage["predict"], folder.usage["fit"]
    assert (predict.device, list(predict.energy), predict.kwh) == ("api", ["api"], None)
    assert any("energy of the model is unknown" in flag for flag in predict.flags)
    assert (fit.tokens.input, fit.kwh) == (0, 0.0)
    assert len(server.requests) == TEXTS, "timing single texts must not be paid for again"
    row = results(home, "things", load(home))[0]
    assert row.usd_per_1k == pytest.approx(1000 * 0.12 / 2)  # at the batch price
    assert row.fit_usd == 0
    assert row.family == "api"
    assert spent_by(home, folder) == pytest.approx(0.12 * TEXTS)  # what was billed: in full
    assert plan(home, experiment(batch_price=True))[0].reused


def test_a_failure_keeps_what_was_answered_and_a_retry_goes_on(
    home: Home, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(asked: dict[str, Any]) -> Any:
        enough = sum(server.billed.values()) >= 10
        return (401, {}, error(f"Incorrect API key provided: {KEY}")) if enough else right(asked)

    server.reply = some
    folder = queued(home)
    start(folder).wait()
    state = folder.state
    assert state
    assert state.status == "failed"
    assert "does not accept the key" in state.reason
    assert "MY_KEY" in state.remedy
    paid = dict(server.billed)
    server.reply = right
    folder.set_state("queued", after=("failed",))
    finished(home, folder)
    assert all(server.billed[text] == 1 for text in paid)
    assert all(row["prediction"] == row["target"] for row in predictions(folder))
    for path in home.root.rglob("*"):  # the server repeated the key in its error
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


def test_a_cap_holds_over_all_runs_of_an_experiment_and_a_higher_one_goes_on(
    home: Home, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.launch.ensure_worker", lambda _: None)
    both = {"seeds": (0, 1)}
    first, second = launch(home, experiment(max_usd=6.0, **both))
    finished(home, first)
    execute(second, home)
    state = second.state
    assert state
    assert state.status == "failed"
    assert "spending cap of $6.00 is reached" in state.reason
    spent = 0.12 * len(server.requests)
    assert 4.5 < spent <= 6.0
    assert (spent_by(home, first) or 0) + (spent_by(home, second) or 0) == pytest.approx(spent)
    launch(home, experiment(max_usd=20.0, **both))
    finished(home, second)
    assert len(server.requests) == 2 * TEXTS


def test_beginning_afresh_does_not_forget_what_was_spent(
    home: Home, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.launch.ensure_worker", lambda _: None)
    (folder,) = launch(home, experiment(max_usd=2.0))
    execute(folder, home)
    before = len(server.requests)
    assert 0 < before <= 16
    retry(home, folder.run_id, afresh=True)
    execute(folder, home)
    assert len(server.requests) == before, "all was spent: nothing may be asked"
    assert (folder.path / CAP_FILE).exists()


def test_a_cap_needs_a_price_and_a_run_needs_its_key(
    home: Home, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = experiment(max_usd=1.0, name="api:my-own-model-zero-shot")
    with pytest.raises(TradeoffError, match="no price of my-own-model at mine"):
        launch(home, unknown)
    monkeypatch.delenv("MY_KEY")
    with pytest.raises(TradeoffError, match="MY_KEY is not set"):
        launch(home, experiment())
    with pytest.raises(TradeoffError, match='no endpoint "nowhere"'):
        launch(home, experiment(endpoint="nowhere"))
    assert not list(home.runs.iterdir())
    assert not server.requests


def test_what_it_will_cost_is_told_before(home: Home, server: FaultyServer) -> None:
    found = plan(home, experiment())[0].estimate
    assert found
    finished(home, queued(home))
    asked = [sum(len(message["content"].split()) for message in one["messages"]) for one in server.requests]
    tokens = sum(asked)  # words: about the tokens that the estimate counts by words and signs
    assert found.usd
    assert tokens * 1000e-6 < found.usd < 3 * tokens * 1000e-6 + TEXTS * 20 * 2000e-6
    assert f"{TEXTS} requests" in found.basis


def test_the_playground_asks_without_warming_up_and_tells_the_price(home: Home, server: FaultyServer) -> None:
    folder = finished(home, queued(home))
    before = len(server.requests)
    with Predictor(home) as predictor:
        found = predictor.predict(folder.run_id, ["a dog and a cow", "red and blue"])
    assert [row["prediction"] for row in found] == ["animal", "colour"]
    assert [row["usd"] for row in found] == pytest.approx([0.12, 0.12])
    assert len(server.requests) == before + 2
    assert Path(home.root / "predictor.log").read_text().find(KEY) == -1


def test_a_cancelled_run_stops_and_keeps_what_it_paid_for(home: Home, server: FaultyServer) -> None:
    folder = queued(home)

    def cancelling(asked: dict[str, Any]) -> bytes:
        if sum(server.billed.values()) == 8:
            (folder.path / "cancel").touch()
        return right(asked)

    server.reply = cancelling
    execute(folder, home)
    assert status(folder)[0] == "cancelled"
    assert sum(server.billed.values()) < TEXTS
    (folder.path / "cancel").unlink()
    folder.set_state("queued", after=("cancelled",))
    server.reply = right
    finished(home, folder)
    assert set(server.billed.values()) == {1}
    assert folder.notes["answers_written"] == TEXTS  # counted over both attempts
