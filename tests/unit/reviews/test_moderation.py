"""What words are seen through, what is left alone, and how the list does on texts that people judged."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.reviews.errors import WordEmpty
from models.reviews.moderation import Judge, looked_for
from models.reviews.types import How, Verdict, WordTerms
from tests.lengths import examples
from tests.unit.reviews.judged import Judged, judged_texts, score, starter_judge

JUDGE = starter_judge()
TEXTS = judged_texts()


def word(text: str, verdict: Verdict = Verdict.HOLD, *, homophones: bool = False) -> WordTerms:
    return WordTerms(text=text, verdict=verdict, homophones=homophones)


def test_the_list_does_well_on_what_people_judged(capsys: pytest.CaptureFixture[str]) -> None:
    got = score(JUDGE, TEXTS)
    figures = f"precision {got.precision:.3f}, recall {got.recall:.3f}, verdict right {got.exact:.3f}"
    with capsys.disabled():
        print(f"\nmoderation on {len(TEXTS)} judged texts: {figures}")  # noqa: T201 - the figures are the point
    assert got.precision >= 0.97, got.wrong
    assert got.recall >= 0.92, got.wrong
    assert got.exact == 1.0, got.wrong


@pytest.mark.parametrize("tricky", sorted({each.tricky for each in TEXTS} - {"hard", "across words", "sounds alike"}))
def test_every_kind_of_disguise_and_of_innocence_is_known(tricky: str) -> None:
    of_kind = [each for each in TEXTS if each.tricky == tricky]
    right = [each for each in of_kind if JUDGE.judge(each.text).verdict is each.verdict]
    assert len(right) >= len(of_kind) - 1, set(of_kind) - set(right)


def test_only_what_is_masked_is_hidden_and_nothing_else_moves() -> None:
    read = JUDGE.judge("妈的，s h i t，物流很快")
    assert (read.verdict, read.shown) == (Verdict.MASK, "**，* * * *，物流很快")
    assert JUDGE.judge("加微信领红包").shown == "加微信领红包"


def test_the_strictest_word_decides_and_every_word_is_told_with_its_place() -> None:
    text = "shit，加*微*信，赌博"
    read = JUDGE.judge(text)
    assert read.verdict is Verdict.REJECT
    told = [(text[each.start : each.end], each.how) for each in read.findings]
    assert told == [("shit", How.PLAIN), ("加*微*信", How.DISGUISED), ("赌博", How.PLAIN)]


def test_an_innocent_phrase_protects_what_is_inside_it_and_nothing_beside_it() -> None:
    judge = Judge([word("毒品", Verdict.REJECT), word("毒品检测", Verdict.PASS)])
    assert judge.judge("毒品检测试纸").verdict is Verdict.PASS
    assert judge.judge("毒品检测试纸，毒品").verdict is Verdict.REJECT


def test_a_star_lets_letters_stand_at_an_end() -> None:
    assert Judge([word("scam")]).judge("scammers").verdict is Verdict.PASS
    assert Judge([word("scam*")]).judge("scammers").verdict is Verdict.HOLD
    assert Judge([word("*scam")]).judge("megascam").verdict is Verdict.HOLD


def test_sounds_count_only_where_the_word_asks_for_it() -> None:
    assert Judge([word("加微信")]).judge("加薇芯").verdict is Verdict.PASS
    heard = Judge([word("加微信", homophones=True)]).judge("加薇芯")
    assert [each.how for each in heard.findings] == [How.HOMOPHONE]


def test_a_word_that_is_switched_off_is_not_looked_for() -> None:
    assert Judge([word("scam").model_copy(update={"active": False})]).judge("scam").verdict is Verdict.PASS


@pytest.mark.parametrize("nothing", ["***", "。。", " - ", "😡"])
def test_a_word_without_letters_is_refused(nothing: str) -> None:
    with pytest.raises(WordEmpty):
        looked_for(word(nothing))


@settings(max_examples=examples(80), deadline=None)
@given(st.text(max_size=200))
def test_reading_keeps_every_length_and_hides_letters_only(text: str) -> None:
    read = JUDGE.judge(text)
    assert len(read.shown) == len(text)
    for was, shown in zip(text, read.shown, strict=True):
        assert shown == was or (shown == "*" and unicodedata.category(was)[0] in "LNM")
    assert all(0 <= each.start < each.end <= len(text) for each in read.findings)


@settings(max_examples=examples(80), deadline=None)
@given(
    st.sampled_from(["王八蛋", "代开发票", "加微信"]),
    st.lists(st.sampled_from("*#★_·+😀\u200b"), min_size=3, max_size=3),
)
def test_whatever_stands_between_the_characters_is_seen_through(bad: str, signs: list[str]) -> None:
    disguised = "".join(letter + sign for letter, sign in zip(bad, [*signs, ""], strict=False))
    assert JUDGE.judge(f"店家说{disguised}").verdict is JUDGE.judge(bad).verdict


@settings(max_examples=examples(80), deadline=None)
@given(st.sampled_from([each for each in TEXTS if each.verdict is Verdict.PASS and each.tricky == "plain"]))
def test_innocent_text_stays_innocent_in_any_width_and_case(innocent: Judged) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in innocent.text)
    assert JUDGE.judge(wide).verdict is Verdict.PASS
    assert JUDGE.judge(innocent.text.upper()).verdict is Verdict.PASS
