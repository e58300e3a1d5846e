"""What candidates were set to differently: of everything that is the same nothing is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.spec import RunSpec

Plain = str | int | float | bool | None


@dataclass(frozen=True)
class Differing:
    """A setting that is not the same for all, and its value by candidate; who has no such setting is left out."""

    name: str
    values: dict[str, Plain]

    @property
    def is_shared(self) -> bool:
        """Whether two candidates have it with different values; else it only belongs to some of the methods."""
        return len(set(map(_same, self.values.values()))) > 1


def differing(specs: Mapping[str, Sequence[RunSpec]], beside: Mapping[str, Mapping[str, Plain]]) -> list[Differing]:
    """The settings that differ between candidates, each given by the specs of its runs.

    `beside` holds more facts by candidate, such as the hardware and versions that its runs had. What belongs to the
    whole candidate stands first, then the settings of the methods in their order.
    """
    facts = {name: {**_whole(found), **found[0].candidate.settings, **beside.get(name, {})}
             for name, found in specs.items() if found}  # fmt: skip
    names = dict.fromkeys(key for of_one in facts.values() for key in of_one)
    rows = [Differing(key, {name: _plain(of_one[key]) for name, of_one in facts.items() if key in of_one})
            for key in names]  # fmt: skip
    return [row for row in rows if row.is_shared or len(row.values) < len(facts)]


def _whole(found: Sequence[RunSpec]) -> dict[str, Any]:
    first = found[0]
    return {
        "method": first.candidate.method, "model": first.candidate.model,
        "training texts": "all" if first.train_size is None else first.train_size,
        "fitted with": ", ".join(one.dataset for one in first.joint if one.dataset != first.dataset) or None,
        "device": first.device, "seeds": ", ".join(str(seed) for seed in sorted({spec.seed for spec in found})),
    }  # fmt: skip


def _plain(value: Any) -> Plain:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _same(value: Plain) -> tuple[str, Plain]:
    """4 and 4.0 are the same setting, 1 and true are not."""
    return ("number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__, value)
