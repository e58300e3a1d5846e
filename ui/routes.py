"""The HTTP API beside the pages: health, results and predictions as JSON.

It answers local names only (set `TRADEOFF_ALLOWED_HOSTS` to a comma-separated list to serve others), and takes
`application/json` only, so that no foreign web page can make a visitor's browser call it.
"""

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from core.data.dataset import list_datasets
from core.errors import TradeoffError
from core.findings.results import results
from core.home import Home
from core.predictor import Predictor, find_fitted
from core.preferences import load as load_preferences
from core.runs import list_runs

FIRST = "overview"
LARGEST_BODY = 20 * 1024 * 1024
MOST_TEXTS = 1000
Handler = Callable[[Request], Awaitable[JSONResponse]]


def routes(home: Home, predictor: Predictor) -> list[Route]:
    """The routes over one data folder."""

    async def health(_: Request) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(_health, home))

    async def dataset_results(request: Request) -> JSONResponse:
        rows = await run_in_threadpool(results, home, request.path_params["dataset"], load_preferences(home))
        return JSONResponse([row.model_dump(mode="json") for row in rows])

    async def predict(request: Request) -> JSONResponse:
        asked = await _body(request)
        return JSONResponse({"predictions": await run_in_threadpool(_predict, home, predictor, asked)})

    return [
        Route(f"/{FIRST}", _first_page, methods=["GET"]),
        Route("/api/health", guarded(health), methods=["GET"]),
        Route("/api/results/{dataset}", guarded(dataset_results), methods=["GET"]),
        Route("/api/predict", guarded(predict), methods=["POST"]),
    ]


async def _first_page(request: Request) -> RedirectResponse:
    """The first page lies at the root and has no path of its own; whoever types its name shall find it."""
    return RedirectResponse(str(request.url.replace(scheme="", netloc="", path="/")))


def guarded(handler: Handler) -> Handler:
    """Refuse foreign hosts; answer a user's mistake with 400 (404 for an unknown name) and its three parts."""

    async def guard(request: Request) -> JSONResponse:
        name = request.url.hostname or ""
        if name not in _allowed_hosts():
            return _problem(403, "This host name is not served", "", "Call the API as localhost.")
        try:
            return await handler(request)
        except TradeoffError as error:
            status = 404 if error.what.startswith("There is no ") else 400
            return _problem(status, error.what, error.where, error.remedy)

    return guard


def _allowed_hosts() -> set[str]:
    extra = os.environ.get("TRADEOFF_ALLOWED_HOSTS", "")
    return {"localhost", "127.0.0.1", "::1", *(host.strip() for host in extra.split(",") if host.strip())}


def _problem(status: int, what: str, where: str, remedy: str) -> JSONResponse:
    return JSONResponse({"error": {"what": what, "where": where, "remedy": remedy}}, status_code=status)


def _health(home: Home) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for folder in list_runs(home):
        state = folder.state
        if state:
            counts[state.status] = counts.get(state.status, 0) + 1
    return {"status": "ok", "datasets": [info.name for info in list_datasets(home)], "runs": counts}


async def _body(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise TradeoffError("The request is not JSON", remedy="Send the header Content-Type: application/json.")
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > LARGEST_BODY:
            raise TradeoffError("The request is too large", remedy=f"Send at most {LARGEST_BODY // 2**20} MiB.")
    try:
        content = json.loads(body)
    except ValueError:
        raise TradeoffError("The body is not valid JSON", remedy='Send {"run": …, "texts": ["…"]}.') from None
    if not isinstance(content, dict):
        raise TradeoffError("The body is not a JSON object", remedy='Send {"run": …, "texts": ["…"]}.')
    return content


def _predict(home: Home, predictor: Predictor, asked: dict[str, Any]) -> list[dict[str, Any]]:
    texts = asked.get("texts")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise TradeoffError('"texts" must be a list of texts', remedy='Send {"run": …, "texts": ["…"]}.')
    if len(texts) > MOST_TEXTS:
        raise TradeoffError(f"{len(texts):,} texts are too many", remedy=f"Send at most {MOST_TEXTS:,} a request.")
    name = asked.get("run") or asked.get("candidate")
    if not isinstance(name, str):
        raise TradeoffError(
            '"run" or "candidate" is missing', remedy="Name a finished run, or a candidate and dataset."
        )
    return predictor.predict(find_fitted(home, name, asked.get("dataset")).run_id, texts)
