"""What is to be run: candidates, runs and experiments, as plain records."""

import hashlib
import json
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

TaskName = str
"""A name of `core.tasks.TASKS`."""
Device = Literal["cpu", "cuda", "api"]
"""Where a run is metered; `api` is a model that somebody else's computer runs."""


VARIATIONS = ("paraphrase", "label_order")
"""Settings that vary how a prompt candidate is asked without making it another one; 0 is how it is usually asked."""
YOUNGER = {"weights": "float"}
"""Settings that are younger than the first runs, as those had them."""


class Record(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Candidate(Record):
    """Method + model + settings: what is compared.

    `id` is the name people use (`minilm-full`); `settings` holds *every* setting of the method, so that a run
    still says what it did when a default changes. `changed` names those that differ from the id's own defaults.
    """

    id: str
    method: str
    model: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    changed: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The id, followed by the settings that were changed: `minilm-full [epochs=5]`."""
        if not self.changed:
            return self.id
        return f"{self.id} [{', '.join(f'{name}={_plain(self.settings[name])}' for name in self.changed)}]"

    @property
    def variation(self) -> tuple[int, ...]:
        """How a prompt is varied, by `VARIATIONS`; all 0 for how it is usually asked, and for what is no prompt."""
        return tuple(self.settings.get(name, 0) for name in VARIATIONS)

    @property
    def usual(self) -> "Candidate":
        """The same candidate as it is usually asked."""
        if not any(self.variation):
            return self
        settings = {name: 0 if name in VARIATIONS else value for name, value in self.settings.items()}
        kept = tuple(name for name in self.changed if name not in VARIATIONS)
        return self.model_copy(update={"settings": settings, "changed": kept})


class DatasetRef(Record):
    """A version of a dataset by name."""

    dataset: str
    fingerprint: str
    task: TaskName


class RunSpec(Record):
    """A candidate fitted and tested once on one version of a dataset, with one seed and train size.

    `train_size` None means all training examples. `device` is where it is metered: the same candidate on
    another device is another run, since its usage differs. `joint` names *all* datasets, this one among them, that one
    model was fitted on together; each of them has a run of its own, and the fit is done once and shared. Empty when
    the model was fitted on this dataset alone.
    """

    dataset: str
    fingerprint: str
    task: TaskName
    candidate: Candidate
    seed: int = Field(0, ge=0, le=2**31 - 1)
    train_size: int | None = Field(None, ge=1)
    device: Device = "cpu"
    joint: tuple[DatasetRef, ...] = ()

    @property
    def label(self) -> str:
        """The candidate's label, with the other datasets that the model was fitted on: `t5-lora (with atis)`."""
        others = [reference.dataset for reference in self.joint if reference.dataset != self.dataset]
        return f"{self.candidate.label} (with {', '.join(others)})" if others else self.candidate.label

    @property
    def usual_label(self) -> str:
        """The label of the same candidate as it is usually asked."""
        varied = any(self.candidate.variation)
        return self.model_copy(update={"candidate": self.candidate.usual}).label if varied else self.label

    @property
    def run_id(self) -> str:
        """A readable name and a hash of the whole spec: the same spec always has the same id."""
        # Fields that are younger than the first runs are left out at their default, so that old ids stand.
        younger = {"joint"} if not self.joint else set()
        dumped = self.model_dump(mode="json", exclude=younger)
        settings = dumped["candidate"]["settings"]
        dumped["candidate"]["settings"] = {
            k: v for k, v in settings.items() if (v or k not in VARIATIONS) and YOUNGER.get(k) != v
        }
        content = json.dumps(dumped, sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(content.encode()).hexdigest()[:10]
        size = f"-n{self.train_size}" if self.train_size else ""
        name = self.candidate.id.rsplit("/", 1)[-1]
        return f"{slug(self.dataset)}.{slug(name)}.s{self.seed}{size}.{digest}"


class Variant(Record):
    """A candidate with changes of its own, so that one candidate may stand in an experiment several times.

    `alone`: fitted on each dataset alone, where the experiment fits others on several together.
    """

    candidate: str
    settings: dict[str, Any] = Field(default_factory=dict)
    alone: bool = False


class Experiment(Record):
    """A dataset × candidates × seeds × train sizes: a grid of runs.

    With `with_datasets` every candidate is one model fitted on all of these datasets together, tested on each; its
    variants may say that they are fitted on each `alone`. `lenient`: what a dataset does not allow (a candidate that
    cannot do its task, a train size above its own) is left out and told instead of being an error.
    """

    dataset: str
    candidates: list[str] = Field(default=[], max_length=500)
    variants: list[Variant] = Field(default=[], max_length=500)
    description: str = Field(default="", max_length=4000)
    lenient: bool = False
    seeds: list[int] = Field(default=[0], min_length=1)
    train_sizes: list[int | None] = Field(default=[None], min_length=1)
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict, description="changed settings by candidate id")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    max_usd: float | None = Field(
        default=None, gt=0, le=1_000_000, allow_inf_nan=False,
        description="most that all its runs may cost at providers, together; they stop before it is passed",
    )  # fmt: skip
    with_datasets: list[str] = Field(default=[], description="other datasets that each model is fitted on as well")

    @model_validator(mode="after")
    def _not_empty(self) -> "Experiment":
        if not self.candidates and not self.variants:
            raise PydanticCustomError("empty", "Candidates or variants are needed")
        return self

    @property
    def wanted(self) -> list[Variant]:
        """All candidates and variants, as variants."""
        plain = [Variant(candidate=name, settings=self.settings.get(name, {})) for name in self.candidates]
        return [*plain, *self.variants]


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def slug(name: str, longest: int = 48) -> str:
    """`name` as a safe part of a file name: letters, digits, `-` and `_`; never empty.

    >>> slug("FacebookAI/roberta base"), slug("../..")
    ('FacebookAI-roberta-base', 'unnamed')
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:longest].strip("-") or "unnamed"
