"""A small Hugging Face hub on this machine: the few routes that listing and downloading a dataset's files use."""

import hashlib
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

COMMIT = "0123456789abcdef0123456789abcdef01234567"
Files = dict[str, dict[str, dict[str, bytes]]]
"""Content by dataset, revision and path."""


def parquet(texts: list[str], labels: list[int | None], names: tuple[str, ...] = ()) -> bytes:
    features = {"text": {"_type": "Value"}, "label": {"_type": "ClassLabel", "names": list(names)}}
    metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()} if names else None
    schema = pa.schema([("text", pa.string()), ("label", pa.int64())], metadata=metadata)
    content = io.BytesIO()
    pq.write_table(pa.table({"text": texts, "label": labels}, schema), content)
    return content.getvalue()


@contextmanager
def serving(files: Files) -> Iterator[str]:
    """The address of a hub that holds `files`."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def missing(self, code: str) -> None:
            self.answer(404, json.dumps({"error": code}).encode(), X_Error_Code=code, X_Error_Message=code)

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            for name, revisions in files.items():
                if path == f"/api/datasets/{name}":
                    return self.answer(200, json.dumps({"id": name, "sha": COMMIT}).encode())
                if path.startswith(f"/api/datasets/{name}/tree/"):
                    return self.tree(revisions, path.removeprefix(f"/api/datasets/{name}/tree/").rstrip("/"))
                if path.startswith(f"/datasets/{name}/resolve/"):
                    return self.file(revisions, path.removeprefix(f"/datasets/{name}/resolve/"))
            return self.missing("RepoNotFound")

        do_HEAD = do_GET

        def tree(self, revisions: dict[str, dict[str, bytes]], revision: str) -> None:
            if revision not in revisions:
                return self.missing("RevisionNotFound")
            listed = [
                {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for path, content in revisions[revision].items()
            ]
            return self.answer(200, json.dumps(listed).encode(), Content_Type="application/json")

        def file(self, revisions: dict[str, dict[str, bytes]], rest: str) -> None:
            for revision, contents in revisions.items():
                for path, content in contents.items():
                    if rest in (f"{revision}/{path}", f"{COMMIT}/{path}"):
                        etag = f'"{hashlib.sha1(content).hexdigest()}"'
                        return self.answer(200, content, ETag=etag, X_Repo_Commit=COMMIT)
            return self.missing("EntryNotFound")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
