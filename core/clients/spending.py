"""A cap on what an experiment may cost: the worst that a request can cost is set aside before it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core import files
from core import format as f
from core.clients.endpoints import Endpoint, find_endpoint
from core.clients.journal import Journal
from core.errors import TradeoffError
from core.home import Home
from core.metering.prices import PriceBook, TokenPrice, token_usd
from core.metering.usage import TokenCount
from core.methods.base import Tokens
from core.preferences import load
from core.runs import RunFolder

CAP_FILE = "spending.json"
"""In the folder of a run: the cap, the runs that share it, and what earlier attempts begun afresh have cost."""
JOURNAL = Path("checkpoints") / "requests.jsonl"
MESSAGE_TOKENS = 16
REQUEST_TOKENS = 256
"""What chat formats add to a message and to a request, at most."""


@dataclass
class Spending:
    """What a run has cost so far and may still cost. Without a limit only the sum is kept.

    Attributes:
        limit: USD of the whole experiment, or None.
        price: the price of a token; None when it is unknown.
        spent: USD of the experiment so far; answers that may have been billed count in full.
        reserved: USD set aside for requests in flight.
    """

    limit: float | None = None
    price: TokenPrice | None = None
    spent: float = 0.0
    reserved: float = 0.0

    def worst(self, messages: Sequence[Mapping[str, str]], extra: str, written: int) -> float | None:
        """The most a request can cost in USD: a token is at least a byte, so bytes bound the tokens read."""
        if self.price is None:
            return None
        read = sum(len(m["content"].encode("utf-8", "replace")) + MESSAGE_TOKENS for m in messages)
        read += len(extra.encode("utf-8", "replace")) + REQUEST_TOKENS
        dearest = max(self.price.output, self.price.reasoning or 0.0)
        return (read * max(self.price.input, self.price.cached_input or 0.0) + written * dearest) / 1_000_000

    def reserve(self, usd: float | None) -> bool:
        """Set `usd` aside; False when the cap leaves no room for it now.

        Raises:
            TradeoffError: it leaves none even with nothing in flight.
        """
        if self.limit is None or usd is None:
            return True
        if self.spent + self.reserved + usd <= self.limit:
            self.reserved += usd
            return True
        if self.reserved > 1e-12:
            return False
        raise TradeoffError(
            f"The spending cap of {f.usd(self.limit)} is reached: {f.exact_usd(self.spent)} is spent and the next "
            f"request may cost {f.exact_usd(usd)}",
            remedy="Everything answered is kept. Launch the same again with a higher cap to go on from here.",
        )

    def settle(self, reserved: float | None, actual: float | None) -> None:
        """Give back what was set aside and count what the request has cost."""
        if self.limit is not None and reserved is not None:
            self.reserved = max(0.0, self.reserved - reserved)
        self.spent += actual or 0.0

    def cost(self, tokens: Tokens | None, worst: float | None) -> float | None:
        """USD of an answer; of one that came without counts, the worst case."""
        return worst if tokens is None or self.price is None else token_usd(counted(tokens), self.price)


def set_cap(home: Home, runs: Sequence[str], max_usd: float | None) -> None:
    """Have runs share a cap, before they are queued. None leaves the caps that stand: leaving a flag out frees none."""
    if max_usd is None:
        return
    for run in runs:
        path = home.runs / run / CAP_FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_json(path, {**files.read_json(path, {}), "max_usd": max_usd, "runs": list(runs)})


def keep_spent(folder: RunFolder) -> None:
    """Before a run begins afresh: what its attempts have cost so far stays counted against its cap."""
    path = folder.path / JOURNAL
    if not path.exists():
        return
    before = files.read_json(folder.path / CAP_FILE, {})
    tokens, lost = _of_journal(Journal(path, goes_on=False))
    earlier = TokenCount(**before.get("earlier", {}))
    total = {name: getattr(earlier, name) + getattr(tokens, name) for name in TokenCount.model_fields}
    content = {**before, "earlier": total, "earlier_lost_usd": before.get("earlier_lost_usd", 0.0) + lost}
    files.write_json(folder.path / CAP_FILE, content)


def spending_of(home: Home, folder: RunFolder, journal: Journal, price: TokenPrice | None) -> Spending:
    """The spending of a run about to work, with what the runs that share its cap have cost.

    Raises:
        TradeoffError: there is a cap, but the price is unknown.
    """
    cap = files.read_json(folder.path / CAP_FILE, {})
    limit = cap.get("max_usd")
    if limit is None:
        return Spending(None, price)
    if price is None:
        raise unknown_price(folder.spec.candidate.model or "", folder.spec.candidate.id)
    own = _usd(*_of_journal(journal), price) + _earlier(cap, price)
    others = (RunFolder(home.runs / name) for name in cap.get("runs", ()) if name != folder.run_id)
    return Spending(limit, price, own + sum(spent_by(home, other) or 0.0 for other in others if other.path.is_dir()))


def spent_by(home: Home, folder: RunFolder) -> float | None:
    """USD that a run has cost at a provider, whatever its state; None when its price is unknown, 0 for other runs."""
    spec = folder.spec
    if spec.device != "api":
        return 0.0
    preferences = load(home)
    endpoint = find_endpoint(spec.candidate.settings["endpoint"], preferences.endpoints)
    price = PriceBook.of(preferences).token(spec.candidate.model or "", endpoint.host)
    if price is None:
        return None
    before = _earlier(files.read_json(folder.path / CAP_FILE, {}), price)
    if usage := folder.usage:
        lost = folder.notes.get("most_lost_usd", 0.0)
        return before + lost + sum(token_usd(phase.tokens, price) for phase in usage.values())
    return before + _usd(*_of_journal(Journal(folder.path / JOURNAL, goes_on=False)), price)


def unknown_price(model: str, candidate: str, endpoint: Endpoint | None = None) -> TradeoffError:
    """The error for a cap that cannot be kept."""
    there = f" at {endpoint.name} ({endpoint.host})" if endpoint else ""
    return TradeoffError(
        f"A spending cap cannot be kept for {candidate}: no price of {model}{there} is known",
        remedy=f"Type a token price for {model} in Settings (0 for a server of your own), or launch without a cap.",
    )


def _of_journal(journal: Journal) -> tuple[TokenCount, float]:
    tokens = sum((answer.tokens for answer in journal.answers.values() if answer.tokens), Tokens())
    return counted(tokens), journal.lost_usd


def _usd(tokens: TokenCount, lost: float, price: TokenPrice) -> float:
    return token_usd(tokens, price) + lost


def _earlier(cap: Mapping[str, object], price: TokenPrice) -> float:
    earlier, lost = cap.get("earlier") or {}, cap.get("earlier_lost_usd") or 0.0
    assert isinstance(earlier, dict)
    assert isinstance(lost, float | int)
    return token_usd(TokenCount(**earlier), price) + lost


def counted(tokens: Tokens) -> TokenCount:
    """The buckets as a record of usage keeps them."""
    return TokenCount(input=tokens.input, cached=tokens.cached, output=tokens.output, reasoning=tokens.reasoning)
