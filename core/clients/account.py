"""What a method needs to ask a provider for a run: the endpoint, the journal of what was paid, and the cap."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core.clients.endpoints import Endpoint, check_key, find_endpoint
from core.clients.energy import footprint
from core.clients.journal import Journal
from core.clients.spending import JOURNAL, Spending, counted, spending_of
from core.home import Home
from core.metering.prices import PriceBook, TokenPrice
from core.metering.usage import Phase, Usage
from core.preferences import Preferences
from core.runs import RunFolder
from core.spec import Candidate


@dataclass
class Account:
    """The endpoint of a candidate with its journal and its spending; those of a run, or of a few questions."""

    endpoint: Endpoint
    journal: Journal = field(default_factory=Journal)
    spending: Spending = field(default_factory=Spending)

    @classmethod
    def of(cls, candidate: Candidate, preferences: Preferences) -> "Account":
        """For questions apart from a run: nothing is kept, and no cap is set.

        Raises:
            TradeoffError: there is no such endpoint.
        """
        endpoint = find_endpoint(candidate.settings["endpoint"], preferences.endpoints)
        return cls(endpoint, Journal(keeps=False), Spending(price=price_of(candidate, endpoint, preferences)))

    @classmethod
    def of_run(cls, home: Home, folder: RunFolder, preferences: Preferences) -> "Account":
        """For a run: goes on with the journal of its earlier attempts, under the cap of its experiment.

        Raises:
            TradeoffError: there is no such endpoint or no key, or the cap cannot be kept.
        """
        candidate = folder.spec.candidate
        endpoint = find_endpoint(candidate.settings["endpoint"], preferences.endpoints)
        check_key(endpoint, candidate.id)
        journal = Journal(folder.path / JOURNAL)
        price = price_of(candidate, endpoint, preferences)
        return cls(endpoint, journal, spending_of(home, folder, journal, price))

    def usage(self, phase: Phase, before: Usage | None, model: str, batch: bool) -> Usage:
        """The usage of a phase by its journal, exact over all attempts: wall time and memory as they were metered."""
        answers = [answer for key, answer in self.journal.answers.items() if self.journal.phases[key] == phase]
        tokens, uncounted = self.journal.tokens(phase)
        found = footprint(self.endpoint.host, model, answers)
        flags = [f"energy of the model is unknown: {found.why_unknown}"] if found.why_unknown else []
        before = before or Usage(phase=phase)
        return before.model_copy(
            update={
                "device": "api", "device_name": self.endpoint.host, "device_seconds": 0.0, "tokens": counted(tokens),
                "uncounted": uncounted, "batch": batch, "energy": {"api": found.energy}, "co2e_kg": found.co2e_kg,
                "grid_g_per_kwh": None, "grid_source": found.source, "peak_gpu_bytes": None,
                "flags": tuple(dict.fromkeys((*before.flags, *flags))),
            }
        )  # fmt: skip

    def phases(
        self, candidate: Candidate, metered: dict[str, Usage], texts: int, seconds: Sequence[float]
    ) -> dict[str, Usage]:
        """The usage of a run's phases by its journal.

        `texts` were answered in all; `seconds` are those of each test text, from request to answer.
        """
        batch, model = bool(candidate.settings.get("batch_price")), candidate.model or ""
        names: tuple[Phase, ...] = ("fit", "predict")
        found: dict[str, Usage] = {name: self.usage(name, metered.get(name), model, batch) for name in names}
        found["predict"] = _for_all(found["predict"], texts)
        timed = [1000 * value for value in seconds if value > 0]
        together = candidate.settings.get("concurrency") or self.endpoint.concurrency
        flags = (f"latency of requests, up to {together} at once",) if together > 1 else ()
        latency = Usage(phase="latency", texts=len(timed), wall_seconds=sum(seconds), device="api",
                        device_name=self.endpoint.host, latency_ms=tuple(timed), flags=flags)  # fmt: skip
        return {**found, "latency": latency}

    def notes(self) -> dict[str, Any]:
        """What is worth knowing about the requests of a run."""
        journal = self.journal
        found: dict[str, Any] = {"endpoint": f"{self.endpoint.name} ({self.endpoint.host})"}
        models = sorted({answer.model for answer in journal.answers.values() if answer.model})
        found |= {"served_model": ", ".join(models[:5])} if models else {}
        found |= {"failed_attempts": dict(journal.failures)} if journal.failures else {}
        if journal.lost:
            found["requests_without_answer"] = sum(journal.lost.values())
            found["requests_without_answer_because"] = dict(journal.lost)
            found["most_lost_usd"] = journal.lost_usd
        return found


def _for_all(usage: Usage, texts: int) -> Usage:
    """The usage with all texts: those that a killed attempt answered after it was last metered go at the same rate."""
    seconds = usage.wall_seconds * texts / usage.texts if usage.texts else usage.wall_seconds
    return usage.model_copy(update={"texts": texts, "wall_seconds": seconds})


def price_of(candidate: Candidate, endpoint: Endpoint, preferences: Preferences) -> TokenPrice | None:
    """The price of a candidate's tokens at its endpoint; None when it is unknown."""
    return PriceBook.of(preferences).token(candidate.model or "", endpoint.host)
