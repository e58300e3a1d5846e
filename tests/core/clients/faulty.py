"""A local OpenAI-compatible server for tests: it answers, counts what it billed, and goes wrong on demand.

`reply` answers a request; `turns` holds what the next requests meet instead, whatever they ask.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "sk-test-0123456789abcdef"
Answer = tuple[int, dict[str, str], bytes]


def completion(
    *texts: str, usage: Any = (100, 10), model: str = "m", finish: str = "stop", logprobs: Any = None, **more: Any
) -> bytes:
    choices = [
        {"index": i, "message": {"role": "assistant", "content": text}, "finish_reason": finish, "logprobs": logprobs}
        for i, text in enumerate(texts)
    ]
    body: dict[str, Any] = {"id": "x", "object": "chat.completion", "model": model, "choices": choices, **more}
    if isinstance(usage, tuple):
        usage = {"prompt_tokens": usage[0], "completion_tokens": usage[1] * len(texts),
                 "total_tokens": usage[0] + usage[1] * len(texts)}  # fmt: skip
    if usage is not None:
        body["usage"] = usage
    return json.dumps(body).encode()


def error(message: str, **more: Any) -> bytes:
    return json.dumps({"error": {"message": message, **more}}).encode()


class FaultyServer:
    """Answers by `reply(request)`; `turns` are used up first: a body, (status, headers, body), "cut" or seconds."""

    def __init__(self, reply: Callable[[dict[str, Any]], Any] | None = None) -> None:
        self.reply = reply or (lambda _: completion("Label: animal"))
        self.turns: list[Any] = []
        self.models: Answer = (200, {}, b'{"data": [{"id": "b"}, {"id": "a"}]}')
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.at: list[float] = []
        self.billed: Counter[str] = Counter()
        """How often each last message was answered in full."""
        self.most_at_once = self._at_once = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer.handle(self)

            def do_GET(self) -> None:
                outer.send(self, outer.models)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_: Any) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        request = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        with self._lock:
            self.requests.append(request)
            self.headers.append({name.lower(): value for name, value in handler.headers.items()})
            self.paths.append(handler.path)
            self.at.append(time.monotonic())
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            turn = self.turns.pop(0) if self.turns else None
        try:
            self._answer(handler, request, turn)
        finally:
            with self._lock:
                self._at_once -= 1

    def _answer(self, handler: BaseHTTPRequestHandler, request: dict[str, Any], turn: Any) -> None:
        if isinstance(turn, int | float):
            time.sleep(turn)
            turn = None
        found = self.reply(request) if turn is None else turn
        if found == "cut":
            handler.send_response(200)
            handler.send_header("content-type", "application/json")
            handler.send_header("content-length", "1000")
            handler.end_headers()
            handler.wfile.write(b'{"choices": [{"mess')
            handler.wfile.flush()
            handler.close_connection = True
            handler.connection.close()
            return
        status, headers, body = found if isinstance(found, tuple) else (200, {}, found)
        if status == 200:
            with self._lock:
                self.billed[request["messages"][-1]["content"]] += 1
        self.send(handler, (status, headers, body))

    @staticmethod
    def send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        status, headers, body = answer
        handler.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
