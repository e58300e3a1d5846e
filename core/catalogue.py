"""Known models: what they are, how large, under which licence, and the settings that the literature trains them with.

The facts stand in `catalogue.yaml`. Nothing here downloads anything, so all of it can be told before a model is here.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from core.architectures import Architecture
from core.architectures import known_architecture as _by_configuration
from core.spec import Record

DATA = Path(__file__).with_name("catalogue.yaml")
CHAT_ENDINGS = ("-instruct", "-chat", "-chat-hf", "-it")


class ModelCard(Record):
    """What is known of a model. Sizes are of the transformer; what is not known is None.

    Attributes:
        parameters: all weights. head_size: width of an attention head where it is not hidden / heads.
        inner: width of the feed-forward part; gated when it has three matrices instead of two.
        context: longest input in tokens. tied: the output layer is the table of word embeddings.
        chat: the sibling that follows instructions; prompts take it.
        gated: whether its hub gives it only to people who accepted its terms.
        recipe: name of the settings in the literature, see `recommended`.
    """

    name: str
    family: str
    architecture: Architecture | None = None
    api: bool = False
    bundled: bool = False
    parameters: int | None = None
    layers: int | None = None
    hidden: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_size: int | None = None
    inner: int | None = None
    gated_mlp: bool = False
    vocabulary: int | None = None
    tied: bool = True
    context: int | None = None
    licence: str | None = None
    gated: bool | None = None
    chat: str | None = None
    recipe: str = ""
    sources: tuple[str, ...] = ()
    note: str = ""


def architecture(model: str) -> Architecture:
    """What kind of transformer the model called `model` is; an encoder when nothing says otherwise."""
    return known_architecture(model) or "encoder"


def known_architecture(model: str) -> Architecture | None:
    """From the catalogue, a local folder's or the hub cache's config.json, or the name; None when none tells."""
    found = card(model)
    return found.architecture if found and found.architecture else _by_configuration(model)


def catalogue() -> Sequence[ModelCard]:
    """Every known model, the bundled ones first."""
    return tuple(_cards().values())


def card(model: str | None) -> ModelCard | None:
    """The card of a model by its name, its sibling's or the last part of either; None for a local folder."""
    found = _cards().get(model or "")
    if found and found.bundled:
        return found
    if not model or Path(model).expanduser().is_dir():
        return None
    return found or _short_names().get(_short(model))


def search(words: str, cards: Sequence[ModelCard] | None = None) -> list[ModelCard]:
    """The cards in which each of the words stands: in the name, family, kind, licence, note or sources."""
    asked = words.lower().split()
    return [found for found in cards or catalogue() if all(_says(found, word) for word in asked)]


def recommended(model: str | None, method: str) -> dict[str, Any]:
    """The settings that the literature trains a model with by a method, where they are not the method's defaults."""
    found = card(model)
    return dict(_content()["recipes"][found.recipe].get(method, {})) if found and found.recipe else {}


def recipe_source(recipe: str) -> str:
    """Where the settings of a recipe come from."""
    return str(_content()["recipes"][recipe]["source"])


def _says(found: ModelCard, word: str) -> bool:
    kind = "api closed" if found.api else f"{found.architecture} open"
    gated, bundled = "gated" if found.gated else "", "bundled" if found.bundled else ""
    parts = (found.name, found.chat, found.family, kind, gated, bundled, found.licence, found.note, *found.sources)
    return word in " ".join(part or "" for part in parts).lower()


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(
        DATA.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    return loaded


@lru_cache(maxsize=1)
def _cards() -> dict[str, ModelCard]:
    content = _content()
    return {name: _card(name, {**content["families"][own["family"]], **own}) for name, own in content["models"].items()}


def _card(name: str, facts: dict[str, Any]) -> ModelCard:
    millions, gated_mlp = facts.pop("millions", None), facts.pop("mlp", "plain") == "gated"
    page = () if facts.get("api") or facts.get("bundled") else (f"https://huggingface.co/{name}",)
    facts["sources"] = (*facts.get("sources", ()), *page)
    return ModelCard(name=name, parameters=millions and round(millions * 1e6), gated_mlp=gated_mlp, **facts)


@lru_cache(maxsize=1)
def _short_names() -> dict[str, ModelCard]:
    """By the last part of a name, which clones and mirrors on the hub share."""
    found: dict[str, ModelCard] = {}
    for one in _cards().values():
        for name in filter(None, (one.name, one.chat)):
            found.setdefault(_short(name), one)
    return found


def _short(name: str) -> str:
    short = name.rstrip("/").rsplit("/", 1)[-1].lower()
    return next((short.removesuffix(end) for end in CHAT_ENDINGS if short.endswith(end)), short)
