"""An offline client of the Perspective API, with the methods of google-api-python-client.

    from comity.compat import perspective

    client = perspective.client()
    body = {"comment": {"text": "You are a fool."}, "requestedAttributes": {"TOXICITY": {}}}
    client.comments().analyze(body=body).execute()

Requests are answered in this process by the code of `comity serve`, without a socket or a key.
`build` has the signature of `googleapiclient.discovery.build`, so that one import changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from .. import _native
from .._score import Scorer, shared

_ADDRESS = "https://commentanalyzer.googleapis.com/v1alpha1/comments"

# The most requests of a batch, and of those that are answered at the same time.
_MOST = 1000
_AT_ONCE = 32

# What is called with the id of a request, its answer, and its error.
Callback = Callable[[str, Any, "HttpError | None"], object]


class Error(Exception):
    """The base of this module's errors."""


class Response(dict):
    """The head of an answer, like `httplib2.Response`."""

    def __init__(self, status: int) -> None:
        super().__init__({"status": str(status), "content-type": "application/json; charset=UTF-8"})
        self.status = status
        self.reason = HTTPStatus(status).phrase


class HttpError(Error):
    """An answer that is an error, like `googleapiclient.errors.HttpError`."""

    def __init__(self, resp: Response, content: bytes, uri: str | None = None) -> None:
        self.resp = resp
        self.content = content
        self.uri = uri
        self.error_details: Any = ""
        self.reason = resp.reason
        try:
            error = json.loads(content)["error"]
            self.reason = error["message"]
            self.error_details = next(
                (error[key] for key in ("detail", "details", "errors") if key in error), ""
            )
        except (ValueError, KeyError, TypeError):
            pass
        super().__init__(resp, content, uri)

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.resp.status

    def __repr__(self) -> str:
        details = f'. Details: "{self.error_details}"' if self.error_details else ""
        cause = f'returned "{self.reason}"{details}'
        return f"<HttpError {self.resp.status} when requesting {self.uri} {cause}>"

    __str__ = __repr__


class HttpRequest:
    """A request that is answered by `execute`."""

    def __init__(self, method: Any, uri: str, body: Any) -> None:
        self.uri = uri
        self.method = "POST"
        self.body = body if isinstance(body, str) else json.dumps({} if body is None else body)
        self._answer = method

    def execute(self, http: Any = None, num_retries: int = 0) -> dict[str, Any]:
        """Returns the answer.

        Args:
            http: Ignored, as `num_retries` is: nothing is sent.

        Raises:
            HttpError: The answer is an error.
        """
        status, content = self._answer(self.body)
        if status >= 300:
            raise HttpError(Response(status), content.encode(), self.uri)
        return json.loads(content)


class BatchError(HttpError):
    """A batch that cannot be made, like `googleapiclient.errors.BatchError`."""

    def __init__(self, reason: str) -> None:
        Error.__init__(self, reason)
        self.reason = reason

    def __repr__(self) -> str:
        return f'<BatchError "{self.reason}">'

    __str__ = __repr__


class BatchHttpRequest:
    """Requests that are answered together, like `googleapiclient.http.BatchHttpRequest`.

    A callback gets the id of the request, its answer or None, and the error or None.
    """

    def __init__(self, callback: Callback | None = None) -> None:
        self._callback = callback
        self._requests: dict[str, tuple[HttpRequest, Callback | None]] = {}
        self._last_id = 0

    def add(
        self,
        request: HttpRequest,
        callback: Callback | None = None,
        request_id: str | None = None,
    ) -> None:
        """Adds a request, with a callback of its own if any. Ids are numbers by default.

        Raises:
            BatchError: The batch has 1,000 requests already.
            KeyError: There is a request with this id.
        """
        if len(self._requests) >= _MOST:
            raise BatchError(f"Exceeded the maximum calls({_MOST}) in a single batch request.")
        if request_id is None:
            self._last_id += 1
            while str(self._last_id) in self._requests:
                self._last_id += 1
            request_id = str(self._last_id)
        if request_id in self._requests:
            raise KeyError(f"A request with this ID already exists: {request_id}")
        self._requests[request_id] = (request, callback)

    def execute(self, http: Any = None) -> None:
        """Answers the requests, and calls the callbacks in the order of `add`.

        Args:
            http: Ignored: nothing is sent.
        """

        def answered(request: HttpRequest) -> tuple[Any, HttpError | None]:
            try:
                return request.execute(), None
            except HttpError as error:
                return None, error

        if not self._requests:
            return
        # Texts that wait together are scored together.
        with ThreadPoolExecutor(min(_AT_ONCE, len(self._requests))) as pool:
            answers = list(pool.map(answered, [one for one, _ in self._requests.values()]))
        for (request_id, (_, callback)), answer in zip(self._requests.items(), answers):
            for one in (callback, self._callback):
                if one is not None:
                    one(request_id, *answer)


class Comments:
    """The methods of the resource `comments`."""

    def __init__(self, native: _native.Perspective) -> None:
        self._native = native

    def analyze(self, body: Any = None, **_: Any) -> HttpRequest:
        """Returns the request for the scores of a comment."""
        return HttpRequest(self._native.analyze, f"{_ADDRESS}:analyze?alt=json", body)

    def suggestscore(self, body: Any = None, **_: Any) -> HttpRequest:
        """Returns the request that suggests scores; they are checked and not stored."""
        return HttpRequest(self._native.suggest, f"{_ADDRESS}:suggestscore?alt=json", body)


class Client:
    """The service: what `discovery.build` returns."""

    def __init__(self, scorer: Scorer) -> None:
        self._comments = Comments(_native.Perspective(scorer._native))

    def comments(self) -> Comments:
        """Returns the resource `comments`."""
        return self._comments

    def new_batch_http_request(self, callback: Callback | None = None) -> BatchHttpRequest:
        """Returns an empty batch; the callback gets every answer."""
        return BatchHttpRequest(callback)

    def close(self) -> None:
        """Does nothing: there is no connection."""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def client(*, scorer: Scorer | None = None, **settings: Any) -> Client:
    """Returns an offline client.

    Args:
        scorer: The scorer; default: one with the settings, as `comity.score` uses it.
        settings: `model`, `threads` and `calibration` of `comity.Scorer`. With
            `calibration="perspective"`, toxicity is on Perspective's scale.
    """
    return Client(shared(**settings) if scorer is None else scorer)


def build(
    serviceName: str = "commentanalyzer", version: str = "v1alpha1", *_: Any, **__: Any
) -> Client:
    """Returns an offline client; the arguments are those of `googleapiclient.discovery.build`.

    Keys, addresses and credentials are ignored.
    """
    if (serviceName, version) != ("commentanalyzer", "v1alpha1"):
        raise ValueError(
            f"{serviceName} {version} is not available offline; expected commentanalyzer v1alpha1"
        )
    return client()
