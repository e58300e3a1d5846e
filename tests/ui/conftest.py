"""The data folder that pages read in a test; what is queued there stays queued, and no audit runs beside."""

import pytest

from core.home import Home
from ui import data


@pytest.fixture
def here(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("core.estimating.fit.has_token", lambda: False)
    for name in ("ui.data.ensure_worker", "core.launch.ensure_worker", "core.racing.managing.ensure_worker"):
        monkeypatch.setattr(name, lambda _: None)
    monkeypatch.setattr("ui.datasets.audits.start", lambda *_: False)
    data.look_again()
    return home
