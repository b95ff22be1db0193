"""The files of storefront and console hold together without a build step: checked here instead of by a bundler."""

import json
import re
from pathlib import Path

import pytest

from web.pages import STATIC

SCRIPTS = sorted(STATIC.rglob("*.js"))
WORDS = {path.stem: json.loads(path.read_text("utf-8")) for path in (STATIC / "words").glob("*.json")}
TEXT = {path: path.read_text("utf-8") for path in STATIC.rglob("*") if path.is_file()}
NAMESPACE = "http://www.w3.org/2000/svg"


def keys_in(script: Path) -> set[str]:
    """The keys a script names whole: `t("…")`, and those in its tables."""
    text = TEXT[script]
    return {key for key in re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', text) if not key.startswith("hanse.")} | set(
        re.findall(r'\bt\(\s*"([^"]+)"', text)
    )


def test_no_file_names_another_host() -> None:
    found = {
        (path.name, address)
        for path, text in TEXT.items()
        for address in re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'`)]*", text)
        if address != NAMESPACE
    }
    assert not found


def test_no_script_makes_markup_out_of_text() -> None:
    dangerous = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc")
    assert not [path.name for path in SCRIPTS if dangerous.search(TEXT[path])]


def test_both_languages_have_the_same_keys() -> None:
    assert set(WORDS) == {"en", "zh"}
    assert WORDS["en"].keys() == WORDS["zh"].keys()


def test_both_languages_fill_in_the_same_values() -> None:
    def values(sentence: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", sentence))

    differing = [key for key, sentence in WORDS["en"].items() if values(sentence) != values(WORDS["zh"][key])]
    assert not differing


def test_no_sentence_is_empty_or_left_in_english() -> None:
    same = {key for key, sentence in WORDS["zh"].items() if not re.search(r"[\u4e00-\u9fff]", sentence)}
    assert same == {"col.sku"}
    assert all(sentence.strip() for words in WORDS.values() for sentence in words.values())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(STATIC)))
def test_every_word_a_script_asks_for_is_there(script: Path) -> None:
    assert keys_in(script) <= WORDS["en"].keys()


def test_every_word_is_asked_for_by_some_script() -> None:
    scripts = "\n".join(TEXT[path] for path in SCRIPTS)
    named = set().union(*(keys_in(path) for path in SCRIPTS))
    kinds = set(re.findall(r'\b(?:word|badge)\("(\w+)"', scripts)) | set(re.findall(r"\bt\(`([\w.]+)\.\$", scripts))
    computed = {f"{kind}." for kind in kinds | {"problem"}}
    unused = {key for key in WORDS["en"] if key not in named and not key.startswith(tuple(computed))}
    assert not unused


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(STATIC)))
def test_every_import_is_a_file_of_ours(script: Path) -> None:
    imported = re.findall(r'^(?:import|export)[^"]*from "([^"]+)"', TEXT[script], flags=re.MULTILINE)
    assert all((script.parent / name).resolve() in TEXT for name in imported), imported


def test_every_icon_that_is_asked_for_is_drawn() -> None:
    scripts = "\n".join(TEXT[path] for path in SCRIPTS)
    drawn = set(re.findall(r'^  (\w+): "M', TEXT[STATIC / "lib" / "dom.js"], flags=re.MULTILINE))
    asked = set(re.findall(r'\b(?:icon|empty)\("(\w+)"', scripts)) | set(re.findall(r'symbol: "(\w+)"', scripts))
    assert asked <= drawn
