"""What must be there before runs at providers are launched: told in a sentence, before anything is queued."""

from collections.abc import Sequence

from core.clients.account import price_of
from core.clients.endpoints import check_key, find_endpoint
from core.clients.spending import unknown_price
from core.home import Home
from core.preferences import load
from core.spec import RunSpec


def check_providers(home: Home, runs: Sequence[RunSpec], max_usd: float | None) -> None:
    """See that the endpoint and the key of each run are there, and its price when spending is capped.

    Raises:
        TradeoffError: one is missing.
    """
    asking = {spec.candidate.id: spec.candidate for spec in runs if spec.device == "api"}
    preferences = load(home)
    for candidate in asking.values():
        endpoint = find_endpoint(candidate.settings["endpoint"], preferences.endpoints)
        check_key(endpoint, candidate.id)
        if max_usd is not None and price_of(candidate, endpoint, preferences) is None:
            raise unknown_price(candidate.model or "", candidate.id, endpoint)
