"""Races with a model behind an API: asked portion by portion, nothing paid twice, never more than the budget."""

from collections.abc import Iterator
from typing import Any

import pytest

from core import launch, racing
from core.clients.endpoints import Endpoint
from core.clients.spending import CAP_FILE
from core.data.dataset import Dataset, save_dataset
from core.execute import execute
from core.files import read_json
from core.home import Home
from core.preferences import Preferences, save
from core.racing import managing
from core.racing.records import Budget, Rules
from core.runs import RunFolder, list_runs
from core.spec import Experiment
from tests.conftest import small_frame
from tests.core.clients.faulty import KEY, FaultyServer
from tests.core.clients.test_api_runs import NAME, PRICE, right
from tests.core.racing.playing import of, play, race_on, told


@pytest.fixture
def things(home: Home) -> Dataset:
    return save_dataset(home, small_frame(240), "things", "single_label")


@pytest.fixture
def server(home: Home, things: Dataset, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    assert things
    monkeypatch.setenv("MY_KEY", KEY)
    for module in (managing, launch):
        monkeypatch.setattr(module, "ensure_worker", lambda home: None)
    with FaultyServer(right) as server:
        endpoint = Endpoint(name="mine", base_url=server.url, key_env="MY_KEY", concurrency=4)
        save(home, Preferences(endpoints=(endpoint,), token_prices=(PRICE,)))
        yield server


def started(home: Home, budget: Budget) -> str:
    settings: dict[str, dict[str, Any]] = {NAME: {"endpoint": "mine", "max_new_tokens": 20}}
    experiment = Experiment(dataset="things", candidates=["majority", NAME], settings=settings)
    return racing.start(home, experiment, budget, Rules(shares=(0.4, 1.0), finalists=2)).id


def done(home: Home, folder: RunFolder) -> bool:
    """Do a run: that at the provider as its process would, the other one played."""
    if folder.spec.device == "api":
        execute(folder, home)
    else:
        play(home, folder, of({"majority": 0.3}))
    return True


def test_nothing_is_paid_twice(home: Home, server: FaultyServer) -> None:
    race = started(home, Budget(usd=100))
    race_on(home, of({}), lambda folder: done(home, folder))
    report = racing.report(home, race)
    assert (report.status, set(told(report).values())) == ("finished", {"finished"})
    (asked,) = [folder for folder in list_runs(home) if folder.spec.device == "api"]
    assert set(server.billed.values()) == {1}
    assert len(server.billed) == 36 * 2 * 3
    assert asked.usage["predict"].tokens.input == 100 * len(server.billed)
    spent = next(one.spent.usd for one in report.standings if one.candidate.startswith("api:"))
    assert spent == pytest.approx(0.12 * len(server.billed))


def test_the_budget_is_also_the_cap_at_the_provider(home: Home, server: FaultyServer) -> None:
    race = started(home, Budget(usd=9))
    race_on(home, of({}), lambda folder: done(home, folder))
    report = racing.report(home, race)
    assert sum(server.billed.values()) * 0.12 <= 9
    (asked,) = [one.entries[1].run_id for one in racing.races(home)]
    assert read_json(home.runs / asked / CAP_FILE)["max_usd"] == 9
    assert report.status in ("out of budget", "finished")
    assert told(report)["majority"] == "finished"
    assert next(at for name, at in told(report).items() if name.startswith("api:")) in ("unaffordable", "failed")
