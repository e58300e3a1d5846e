"""Hugging Face datasets by name: only their Parquet files are read, so none of a dataset's code can run.

The `datasets` library is not needed for that: the hub keeps a Parquet copy of nearly every public dataset on the
branch `refs/convert/parquet`, as `config/split/0000.parquet`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc

from core.data.columns import split_word
from core.data.dataset import SPLITS, Dataset
from core.data.formats import source as sources
from core.data.formats.table import Table
from core.data.guessing import guess_task
from core.data.importing import checked_name, import_tables
from core.data.layout import Told, find_layout
from core.data.read import read_table
from core.data.split import TEST_SHARE
from core.errors import TradeoffError, unknown
from core.home import Home
from core.spec import TaskName
from core.tasks import get_task

CONVERTED = "refs/convert/parquet"
REACH_SECONDS = 10


@dataclass(frozen=True)
class Shard:
    """A Parquet file of a dataset: its path, size in bytes, the revision it is in, its configuration and split."""

    path: str
    size: int
    revision: str
    config: str
    split: str


def import_from_hub(
    home: Home,
    hf_name: str,
    *,
    name: str | None = None,
    config: str | None = None,
    task: TaskName | None = None,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
    tokens: str | None = None,
    tags: str | None = None,
    intent: str | None = None,
    separator: str | None = None,
    label_columns: Sequence[str] = (),
    tag_names: Sequence[str] = (),
    seed: int = 0,
    validation_share: float | None = None,
    test_share: float = TEST_SHARE,
    note: str = "",
) -> Dataset:
    """Import the dataset `hf_name` (`owner/name`, or `owner/name:config`) as `name`, by default its last part.

    Columns, forms and the task are guessed when they are not told. Its own splits are used; one that is missing, or
    whose labels are hidden, is made from train.

    Raises:
        TradeoffError: there is no such dataset, the hub cannot be reached, it has no Parquet files, or it is too big.
    """
    repo, _, told = hf_name.strip().partition(":")
    if not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?(:[\w .+-]+)?", hf_name.strip()):
        raise TradeoffError(f'"{hf_name}" is no Hugging Face dataset name', remedy="Write it as owner/name.")
    if task is not None:
        get_task(task)
    name = checked_name(name or repo.rpartition("/")[2])
    with reaching(repo):
        shards = _of_config(_shards(repo), repo, config or told or None)
        warnings, by_split = _splits(shards, repo)
        size = sum(shard.size for parts in by_split.values() for shard in parts)
        if size > sources.MOST_BYTES:
            raise sources.too_big(size, repo)
        paths = {split: _downloaded(repo, parts, home.cache / "hub-datasets") for split, parts in by_split.items()}
    tables = {split: _joined(f"{repo} {split}", found) for split, found in paths.items()}
    # A downloaded file lies in snapshots/COMMIT/…
    revision = paths["train"][0].parts[paths["train"][0].parts.index("snapshots") + 1]
    wanted = Told(text, label, None, id, tokens, tags, intent, separator, tuple(label_columns), tuple(tag_names))
    task = task or guess_task(tables["train"], wanted)[0]
    tables = _labelled(tables, task, wanted, warnings)
    tables["train"].reading.warnings[:0] = warnings
    origin = {"kind": "hub", "name": repo, "config": shards[0].config, "revision": revision}
    return import_tables(
        home, name, tables, task=task, text=text, label=label, id=id, tokens=tokens, tags=tags, intent=intent,
        separator=separator, label_columns=label_columns, tag_names=tag_names, seed=seed,
        validation_share=validation_share, test_share=test_share,
        note=note or f"Hugging Face dataset {repo}", origin=origin,
    )  # fmt: skip


def _shards(repo: str) -> list[Shard]:
    """The Parquet files on the converted branch, else those of the dataset itself."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError

    # Asked once and without retries, so that a missing network or dataset is told at once.
    HfApi().dataset_info(repo, timeout=REACH_SECONDS)
    for revision, placed in ((CONVERTED, _converted_place), ("main", _own_place)):
        try:
            files = list(HfApi().list_repo_tree(repo, recursive=True, revision=revision, repo_type="dataset"))
        except (RevisionNotFoundError, EntryNotFoundError):
            continue
        found = [
            Shard(file.path, size, revision, *placed(PurePosixPath(file.path)))
            for file in files
            if file.path.endswith(".parquet") and (size := getattr(file, "size", None)) is not None
        ]
        if found:
            return sorted(found, key=lambda shard: shard.path)
    raise TradeoffError(
        f"The dataset {repo} has no Parquet files", remedy="Download its files and import them as CSV or JSON."
    )


def _converted_place(path: PurePosixPath) -> tuple[str, str]:
    """`config/split/0000.parquet`; the split of a big dataset is called `partial-train`."""
    parts = path.parts
    return (parts[0], parts[1]) if len(parts) > 2 else ("default", parts[0])


def _own_place(path: PurePosixPath) -> tuple[str, str]:
    """`data/train-00000-of-00002.parquet` or `config/train.parquet`."""
    config = path.parts[-2] if len(path.parts) > 1 and path.parts[-2] != "data" else "default"
    return config, re.sub(r"([-_.]\d+(-of-\d+)?)+$", "", path.stem)


def _of_config(shards: Sequence[Shard], repo: str, config: str | None) -> list[Shard]:
    configs = list(dict.fromkeys(shard.config for shard in shards))
    if config is None:
        config = configs[0] if len(configs) == 1 else "default" if "default" in configs else None
    if config is None:
        listed = ", ".join(configs[:12]) + (" …" if len(configs) > 12 else "")
        raise TradeoffError(
            f"The dataset {repo} has several configurations", remedy=f"Write {repo}:NAME with one of: {listed}."
        )
    if config not in configs:
        raise unknown(f"configuration of {repo}", config, configs)
    return [shard for shard in shards if shard.config == config]


def _splits(shards: Sequence[Shard], repo: str) -> tuple[list[str], dict[str, list[Shard]]]:
    """Warnings, and the files of train, validation and test; other splits are passed over."""
    found: dict[str, list[Shard]] = defaultdict(list)
    chosen: dict[str, str] = {}
    warnings = []
    for shard in shards:
        own = shard.split.removeprefix("partial-")
        split = split_word(own)
        if split is None or chosen.setdefault(split, own) != own:
            warnings.append(f'The split "{own}" of {repo} was not used.')
            continue
        if own != shard.split:
            warnings.append(f'The hub keeps only the first part of the split "{own}" as Parquet; that was read.')
        found[split].append(shard)
    if "train" not in found:
        names = ", ".join(sorted({shard.split for shard in shards}))
        raise TradeoffError(f"The dataset {repo} has no train split (it has: {names})", remedy="Choose another one.")
    ordered: dict[str, list[Shard]] = {split: found[split] for split in SPLITS if split in found}
    return list(dict.fromkeys(warnings)), ordered


def _downloaded(repo: str, shards: Sequence[Shard], cache: Path) -> list[Path]:
    from huggingface_hub import hf_hub_download

    return [
        Path(hf_hub_download(repo, shard.path, repo_type="dataset", revision=shard.revision, cache_dir=cache))
        for shard in shards
    ]


def _joined(title: str, paths: Sequence[Path]) -> Table:
    """The rows of all files of a split."""
    tables = [read_table(path, filename=path.name) for path in paths]
    joined = pa.concat_tables([table.columns for table in tables], promote_options="default")
    reading = replace(tables[0].reading, filename=title, bytes=sum(table.reading.bytes for table in tables))
    return Table(joined, range(1, joined.num_rows + 1), reading)


def _labelled(tables: Mapping[str, Table], task: TaskName, told: Told, warnings: list[str]) -> dict[str, Table]:
    """The tables without those whose labels are hidden, as the test splits of benchmarks often are."""
    layout = find_layout(tables["train"], task, told)
    name = next((layout.roles[role] for role in ("label", "intent", "tags") if role in layout.roles), "")
    if not name:
        return dict(tables)
    found = {}
    for split, table in tables.items():
        known = split == "train" or (name in table.names and table.columns.column(name).null_count < len(table))
        if known and split != "train":
            cells = pc.drop_null(table.columns.column(name))
            known = not pc.all(pc.is_in(cells, pa.array(["-1", ""], pa.large_string()))).as_py()
        if known:
            found[split] = table
        else:
            warnings.append(f"The labels of the {split} split are hidden, so it was made from train instead.")
    return found


@contextmanager
def reaching(repo: str) -> Iterator[None]:
    """Turn what the hub's client raises into one sentence with the remedy.

    Raises:
        TradeoffError: instead of its exceptions.
    """
    try:
        yield
    except TradeoffError:
        raise
    except Exception as error:
        raise _explained(error, repo) from error


EXPLANATIONS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("GatedRepoError",), "The dataset {repo} is only given to people who accepted its terms",
     "Accept them on its Hugging Face page, then set HF_TOKEN to your access token."),
    (("RepositoryNotFoundError", "HFValidationError"), "Hugging Face has no public dataset {repo}",
     "Check the name; for a private dataset set HF_TOKEN to your access token."),
    (("OfflineModeIsEnabled",), "Hugging Face may not be asked for {repo}: HF_HUB_OFFLINE is set",
     "Unset it, or import a file."),
    (("429",), "Hugging Face answers no more requests for now", "Wait some minutes, then try again."),
    (("No space left",), "The disk is too full for the dataset {repo}", "Free some disk space, then try again."),
    (("ConnectError", "ConnectTimeout", "ReadTimeout", "ConnectionError", "LocalEntryNotFoundError", "Timeout",
      "RemoteProtocolError", "ReadError", "Server Error"),
     "Hugging Face cannot be reached for the dataset {repo}", "Connect to the internet, or import a file."),
)  # fmt: skip
"""Signs in the chain of exceptions (class names and messages), what is wrong, and the remedy; first match wins."""


def _explained(error: BaseException, repo: str) -> TradeoffError:
    told, seen = "", error
    for _ in range(10):
        told += " ".join(kind.__name__ for kind in type(seen).__mro__) + f": {seen}\n"
        following = seen.__cause__ or seen.__context__
        if following is None:
            break
        seen = following
    for signs, what, remedy in EXPLANATIONS:
        if any(sign in told for sign in signs):
            return TradeoffError(what.format(repo=repo), remedy=remedy)
    first = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    return TradeoffError(f"The dataset {repo} could not be fetched: {first}", remedy="Download and import its files.")
