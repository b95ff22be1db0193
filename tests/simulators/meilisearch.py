"""What a Meilisearch server does with the requests of our engine, as far as the order of writes depends on it.

Tasks are taken at once and done later, one after the other; PUT merges top-level fields; swap exchanges what two names mean;
documents are fetched by ids in a filter. Searching is no more than "every word begins a word of the document" and knows none of its
ranking: what is found by which words is only judged on a real server. Shapes follow the reference of version 1.41.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulators.serving import Answer, Asked, Provider

_IDS = re.compile(r"^spu_id IN \[(?P<ids>.*)\]$")
_STARTED = "2026-11-22T09:00:00.000000Z"


class Meilisearch(Provider):
    """One server in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.indexes: dict[str, dict[str, dict[str, Any]]] = {}
        self.settings: dict[str, dict[str, Any]] = {}
        self.tasks: list[dict[str, Any]] = []
        self.waiting: list[tuple[int, Any]] = []
        self.broken = False
        """Take documents and then not be able to do anything with them."""

    def moment(self) -> datetime:
        return datetime.now(UTC)

    def answer(self, asked: Asked) -> Answer:
        address = urlsplit(asked.target)
        path = address.path.strip("/").split("/")
        body = json.loads(asked.body) if asked.body else None
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        return _json(*self._route(asked.method, path, body, query))

    def _route(self, method: str, path: list[str], body: Any, query: dict[str, str]) -> tuple[int, Any]:
        answer = self._write(method, path, body) or self._read(method, path, body, query)
        if answer is None:
            raise NotImplementedError(f"{method} /{'/'.join(path)}")
        return answer

    def _write(self, method: str, path: list[str], body: Any) -> tuple[int, Any] | None:
        match method, path:
            case "POST", ["indexes"]:
                return self._take("indexCreation", body["uid"], lambda: self._create(body["uid"]))
            case "DELETE", ["indexes", uid]:
                return self._take("indexDeletion", uid, lambda: self._delete(uid))
            case "PATCH", ["indexes", uid, "settings"]:
                return self._take("settingsUpdate", uid, lambda: self.settings.setdefault(uid, {}).update(body))
            case "PUT", ["indexes", uid, "documents"]:
                return self._take("documentAdditionOrUpdate", uid, lambda: self._merge(uid, body))
            case "POST", ["indexes", uid, "documents", "delete"]:
                return self._take("documentDeletion", uid, lambda: self._remove(uid, _ids_in(body["filter"])))
            case "POST", ["swap-indexes"]:
                return self.swap_later(*body[0]["indexes"])
        return None

    def _read(self, method: str, path: list[str], body: Any, query: dict[str, str]) -> tuple[int, Any] | None:
        match method, path:
            case "GET", ["indexes", uid, "settings"]:
                return 200, self.settings.get(uid, {})
            case "POST", ["indexes", uid, "documents", "fetch"]:
                return 200, self._fetched(uid, body)
            case "GET", ["tasks", uid]:
                self._work()
                return 200, self.tasks[int(uid)]
            case "GET", ["tasks"]:
                self._work()
                kinds, states = query["types"].split(","), query["statuses"].split(",")
                found = [task for task in reversed(self.tasks) if task["type"] in kinds and task["status"] in states]
                return 200, {"results": found, "total": len(found), "limit": 1000, "from": 0, "next": None}
            case "POST", ["multi-search"]:
                return 200, {"results": [self._search(one) for one in body["queries"]]}
            case "POST", ["indexes", uid, "search"]:
                return 200, self._search({**body, "indexUid": uid})
            case "POST", ["indexes", _, "facet-search"]:
                return 200, {"facetHits": [], "facetQuery": body.get("facetQuery"), "processingTimeMs": 0}
        return None

    # ---- tasks: taken now, done when somebody looks ------------------------------------------------------------------

    def _take(self, kind: str, index: str | None, do: Any, details: Any = None) -> tuple[int, Any]:
        uid = len(self.tasks)
        task = {"uid": uid, "indexUid": index, "status": "enqueued", "type": kind, "details": details, "error": None}
        times = {"duration": None, "enqueuedAt": _STARTED, "startedAt": None, "finishedAt": None, "canceledBy": None}
        self.tasks.append(task | times)
        self.waiting.append((uid, do))
        short = {"taskUid": uid, "indexUid": index, "status": "enqueued", "type": kind, "enqueuedAt": _STARTED}
        return 202, short

    def swap_later(self, one: str, other: str) -> tuple[int, Any]:
        """Take the task of exchanging these."""
        return self._take("indexSwap", None, lambda: self._swap(one, other), {"swaps": [{"indexes": [one, other]}]})

    def _work(self) -> None:
        for uid, do in self.waiting:
            failure = do()
            failed = isinstance(failure, str)
            self.tasks[uid]["status"] = "failed" if failed else "succeeded"
            self.tasks[uid]["error"] = {"code": failure, "message": failure, "type": "", "link": ""} if failed else None
        self.waiting.clear()

    def _create(self, uid: str) -> str | None:
        if uid in self.indexes:
            return "index_already_exists"
        self.indexes[uid] = {}
        return None

    def _delete(self, uid: str) -> str | None:
        self.settings.pop(uid, None)
        return None if self.indexes.pop(uid, None) is not None else "index_not_found"

    def _merge(self, uid: str, documents: list[dict[str, Any]]) -> str | None:
        if self.broken:
            return "internal"
        for document in documents:
            held = self.indexes[uid].setdefault(document["spu_id"], {})
            held.update(document)
        return None

    def _remove(self, uid: str, ids: list[str]) -> None:
        for one in ids:
            self.indexes[uid].pop(one, None)

    def _swap(self, one: str, other: str) -> None:
        self.indexes[one], self.indexes[other] = self.indexes[other], self.indexes[one]

    # ---- reading -----------------------------------------------------------------------------------------------------

    def _fetched(self, uid: str, body: dict[str, Any]) -> dict[str, Any]:
        found = [self.indexes[uid][one] for one in _ids_in(body["filter"]) if one in self.indexes[uid]]
        kept = [{name: one[name] for name in body["fields"]} for one in found[: body["limit"]]]
        return {"results": kept, "offset": 0, "limit": body["limit"], "total": len(found)}

    def _search(self, asked: dict[str, Any]) -> dict[str, Any]:
        wanted = asked["q"].casefold().split()
        stock = "in_stock = true" in asked.get("filter", [])
        found = [
            one
            for one in self.indexes[asked["indexUid"]].values()
            if all(any(word.startswith(part) for word in _words(one)) for part in wanted)
            and (one["in_stock"] or not stock)
        ]
        found.sort(key=lambda one: (-one["sales"], -one["published_at"], one["spu_id"]))
        first = (asked.get("page", 1) - 1) * asked.get("hitsPerPage", 0)
        hits = found[first : first + asked.get("hitsPerPage", 20)]
        brands: dict[str, int] = {}
        for one in found:
            brands[one["brand"]] = brands.get(one["brand"], 0) + 1
        counted = {"brand": brands} if "brand" in asked.get("facets", []) else {}
        return {"indexUid": asked["indexUid"], "hits": hits, "totalHits": len(found), "facetDistribution": counted}


def _ids_in(condition: str) -> list[str]:
    among = _IDS.match(condition)
    assert among is not None, condition
    ids: list[str] = json.loads(f"[{among['ids']}]")
    return ids


def _words(document: dict[str, Any]) -> list[str]:
    texts = (document["title"], document["description"], *document["codes"])
    return " ".join(texts).casefold().split()


def _json(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"content-type": "application/json"})
