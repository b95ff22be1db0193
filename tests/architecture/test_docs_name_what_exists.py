"""What the documents name is there: files, folders, links, verbs of make and of `hanse`, workflows, decisions."""

import re
from collections.abc import Iterator
from pathlib import Path

from workers.queues import SAGAS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TEXT = "\n".join(document.read_text() for document in DOCUMENTS)
_SUFFIXES = ("css", "html", "js", "md", "py", "sql", "toml", "txt", "yml")
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")} | {".ci"}
_THERE = [path.relative_to(ROOT).as_posix() for name in _FOLDERS for path in (ROOT / name, *(ROOT / name).rglob("*"))]
_THERE += [path.name for path in ROOT.iterdir() if path.is_file()]


def expanded(word: str) -> list[str]:
    """`a/{b,c}.py` is two paths."""
    braces = re.search(r"\{([^{}]*,[^{}]*)\}", word)
    if braces is None:
        return [word]
    start, end = word[: braces.start()], word[braces.end() :]
    return [path for one in braces[1].split(",") for path in expanded(start + one + end)]


def paths_in(document: Path) -> Iterator[str]:
    """What a document has in backquotes that reads as a path of this tree; `a/b.Name` is something in `a/b.py`."""
    for told in _CODE.findall(document.read_text()):
        for word in expanded(told.split("::")[0].rstrip("/")):
            if not re.fullmatch(r"[\w./*<>-]+", word):
                continue
            if word.endswith(tuple(f".{suffix}" for suffix in _SUFFIXES)):
                yield word
            elif word.split("/")[0] in _FOLDERS and "/" in word:
                yield re.sub(r"\.[A-Z]\w*$", ".py", word)


def is_there(word: str) -> bool:
    """From the root or from within the tree; `*` and `<domain>` stand for any name."""
    pattern = re.compile(r"(?:.*/)?" + re.sub(r"<[^>]*>|\\\*", "[^/]*", re.escape(word)))
    return any(pattern.fullmatch(path) for path in _THERE)


def test_every_path_and_link_of_a_document_leads_somewhere() -> None:
    gone = [(document.name, word) for document in DOCUMENTS for word in paths_in(document) if not is_there(word)]
    for document in DOCUMENTS:
        links = [link for link in _LINK.findall(document.read_text()) if "://" not in link]
        gone += [(document.name, link) for link in links if not (document.parent / link).exists()]
    assert gone == []


def test_every_verb_that_a_document_names_is_one() -> None:
    made = re.findall(r"^([a-z-]+)%?:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    unknown = {verb for verb in re.findall(r"`make ([a-z-]+)", TEXT) if not verb.startswith(tuple(made))}
    verbs = set(re.findall(r"`hanse ([a-z][a-z-]+)", TEXT))
    unknown |= {verb for verb in verbs if not any((ROOT / "cli").glob(f"{verb.replace('-', '_')}*"))}
    assert unknown == set()


def test_the_map_lists_every_workflow_with_what_it_can_be_told() -> None:
    table = (ROOT / "docs/map.md").read_text().split("## Workflows and their ids")[1].split("\n## ")[0]
    rows = {row[1]: set(re.findall(r"\w+", row[0])) for row in re.finditer(r"^\| `(\w+)` \|.*", table, re.MULTILINE)}
    known = {told.name: told for told in (vars(saga)["__temporal_workflow_definition"] for saga in SAGAS)}
    assert rows.keys() == known.keys()
    for name, saga in known.items():
        assert {told for told in (*saga.updates, *saga.signals) if told} <= rows[name]


def test_the_map_lists_every_decision() -> None:
    listed = (ROOT / "docs/map.md").read_text()
    assert [path.name for path in (ROOT / "docs/decisions").glob("*.md") if path.name not in listed] == []
