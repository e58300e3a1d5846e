"""A set to race on, and no process that would race beside the test."""

import pytest

from core import launch
from core.data.dataset import save_dataset
from core.home import Home
from core.racing import managing
from tests.conftest import small_frame


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test itself advances races and plays their runs."""
    for module in (managing, launch):
        monkeypatch.setattr(module, "ensure_worker", lambda home: None)


@pytest.fixture
def things(home: Home) -> Home:
    """1,200 short texts of three labels."""
    save_dataset(home, small_frame(400), "things", "single_label")
    return home
