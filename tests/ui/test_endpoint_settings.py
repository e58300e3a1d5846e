"""Settings of endpoints: added, tried and removed on the page; a key typed into the wrong field is never kept."""

import pytest

from core.home import Home
from core.preferences import load
from tests.core.clients.faulty import KEY, FaultyServer
from tests.ui.test_pages import open_page, sound, words


def test_an_endpoint_is_added_tried_and_removed(here: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with FaultyServer() as server:
        app = open_page("settings")
        sound(app)
        app.text_input(key="endpoint.new.name").set_value("mine")
        app.text_input(key="endpoint.new.base_url").set_value(server.url)
        app.text_input(key="endpoint.new.key_env").set_value("MY_KEY")
        next(button for button in app.button if button.label == "Save" and "endpoint" in str(button.form_id)).click()
        app.run()
        sound(app)
        (endpoint,) = load(here).endpoints
        assert (endpoint.name, endpoint.base_url, endpoint.key_env) == ("mine", server.url, "MY_KEY")
        app.selectbox(key="endpoint.tried").set_value("mine")
        app.button(key="endpoint.test").click()
        app.run()
        assert "offers 2 models: a, b" in words(app)
    app.button(key="endpoint.test").click()
    app.run()
    assert "could not be asked" in app.error[0].value
    app.selectbox(key="endpoint.which").set_value("mine")
    app.run()
    next(button for button in app.button if button.label == "Remove").click()
    app.run()
    sound(app)
    assert not load(here).endpoints


def test_a_key_typed_as_the_variable_s_name_is_refused_and_not_kept(here: Home) -> None:
    app = open_page("settings")
    app.text_input(key="endpoint.new.name").set_value("mine")
    app.text_input(key="endpoint.new.base_url").set_value("https://host.example/v1")
    app.text_input(key="endpoint.new.key_env").set_value(KEY)
    next(button for button in app.button if button.label == "Save" and "endpoint" in str(button.form_id)).click()
    app.run()
    assert "not the key" in app.error[0].value
    assert KEY not in words(app) + app.error[0].value
    assert not here.preferences_file.exists()
