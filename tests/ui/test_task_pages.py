"""Every page for every task: it opens, says in words what it shows, and never shows the stored form of a target."""

import pytest

from core.data.dataset import Dataset
from core.home import Home
from core.tasks import TASKS
from tests.ui.fixtures import finished_run, of_task
from tests.ui.test_pages import open_page, sound, words

PAGES = ("overview", "datasets", "runs", "tradeoff", "results", "playground")
BEYOND = ("multi_label", "token_labels", "intent_slots")


@pytest.fixture(params=TASKS)
def asked(here: Home, request: pytest.FixtureRequest) -> Dataset:
    dataset = of_task(here, request.param)
    for candidate in ("majority", "minilm-full", "smollm2-few-shot"):
        finished_run(here, dataset, candidate)
    return dataset


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_for_every_task(asked: Dataset, name: str) -> None:
    app = open_page(name, dataset=asked.info.name)
    sound(app)
    assert '"intent":' not in words(app)
    assert "[[" not in words(app)
