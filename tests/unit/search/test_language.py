"""What the engines know of languages: one spelling for what looks alike, words, sounds, synonyms, distance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import Style, pinyin

from models.shared.chinese import syllable
from search.language import (
    SynonymsUnreadable,
    distance,
    finer_words,
    initials,
    load_synonyms,
    normalise,
    read_synonyms,
    sound_of,
    spelled,
    words_in,
    words_of,
)

ANY_TEXT = st.text(alphabet=st.characters(), max_size=40)  # lone surrogates too


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("HEADPHONES", "headphones"),
        ("ｉＰｈｏｎｅ　１５", "iphone 15"),
        ("Café Crème", "cafe creme"),
        ("連衣裙", "连衣裙"),
        ("藍牙耳機", "蓝牙耳机"),
        ("shǒujī", "shouji"),
        ("Straße", "strasse"),
        ("  a \t\n b  ", "a b"),
        ("a\x00b\u200bc\u202ed", "a b c d"),
        ("🎧 耳机 🎉", "耳机"),
        ("①②", "12"),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_what_looks_alike_is_spelled_alike(written: str, compared: str) -> None:
    assert normalise(written) == compared


def test_characters_are_read_as_pypinyin_reads_them() -> None:
    for code in (0x3001, 0x3007, *range(0x3400, 0xA000, 7), *range(0xF900, 0xFB00, 7), *range(0x20000, 0x323B0, 77)):
        said = pinyin(chr(code), style=Style.NORMAL, errors="ignore")
        assert syllable(chr(code)) == (said[0][0] if said else None), hex(code)


@given(ANY_TEXT)
def test_any_text_is_normalised_once_and_for_all(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert "\x00" not in once
    once.encode()


@given(ANY_TEXT)
def test_any_text_has_words_that_stand_where_they_say(text: str) -> None:
    normal = normalise(text)
    ends = 0
    for word in words_of(normal):
        assert word.text
        assert ends <= word.start < word.end <= len(normal)
        ends = word.end
    assert words_in(text) == words_of(normal)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("夏季新款纯棉短袖连衣裙", ["夏季", "新款", "纯棉", "短袖", "连衣裙"]),
        ("蓝牙降噪耳机", ["蓝牙", "降噪", "耳机"]),
        ("静谧降噪耳机 Hush headphones", ["静谧", "降噪", "耳机", "hush", "headphones"]),
        ("T-shirt, men's", ["tshirt", "mens"]),
        ("1.5L kettle", ["1.5l", "kettle"]),
        ("C++ in 21 days", ["c++", "in", "21", "days"]),
        ("!!! 。，", []),
    ],
)
def test_a_text_is_cut_into_words(text: str, words: list[str]) -> None:
    assert [word.text for word in words_in(text)] == words


def test_compounds_have_parts() -> None:
    assert words_in("iPhone15")[0].parts == ("iphone", "15")
    assert words_in("500ml")[0].parts == ("500", "ml")
    assert words_in("T-shirt")[0].parts == ("t", "shirt")
    assert set(finer_words("连衣裙")) >= {"连衣", "连衣裙"}


def test_a_word_of_ten_thousand_letters_is_cut_off() -> None:
    assert len(words_of("a" * 10_000)[0].text) == len(words_of("b" * 100)[0].text) == 64


@pytest.mark.parametrize(
    ("han", "full", "first"),
    [
        ("连衣裙", "lianyiqun", "lyq"),
        ("重庆银行", "chongqingyinhang", "cqyh"),
        ("女装", "nvzhuang", "nz"),
        ("手机", "shouji", "sj"),
    ],
)
def test_chinese_is_spelled_in_full_and_by_initials(han: str, full: str, first: str) -> None:
    assert (spelled(han), initials(han)) == (full, first)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("连依裙", "连衣裙"),
        ("冲峰衣", "冲锋衣"),
        ("蓝芽", "蓝牙"),
        ("充电保", "充电宝"),
        ("商城", "伤城"),
        ("女", "nu"),
    ],
)
def test_what_sounds_alike_has_one_sound(one: str, other: str) -> None:
    assert sound_of(spelled(one)) == sound_of(spelled(other) if not other.isascii() else other)


@given(ANY_TEXT)
def test_any_text_has_a_sound(text: str) -> None:
    normal = normalise(text)
    assert initials(normal) is not None
    sound = sound_of(spelled(normal))
    assert not set(sound) - set("abcdefghijklmnopqrstuvwxyz0123456789")


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [("phone", "phone", 0), ("phone", "phnoe", 1), ("phone", "phon", 1), ("phone", "phones", 1), ("keyboard", "keybaord", 1),
     ("sandals", "sandles", 2), ("", "abc", 3), ("abc", "", 3), ("ca", "abc", 3)],
)  # fmt: skip
def test_distance_counts_typing_mistakes(one: str, other: str, far: int) -> None:
    assert distance(one, other) == far


@given(st.text(max_size=12), st.text(max_size=12))
def test_distance_is_the_same_from_both_sides_and_zero_only_of_the_same(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one) <= max(len(one), len(other))
    assert (distance(one, other) == 0) == (one == other)


def test_synonyms_find_each_other_whatever_their_case_number_and_script() -> None:
    synonyms = read_synonyms("手机, Mobile Phone, cellphone  # all the same\n\n# nothing\napple phone => iphone")
    assert synonyms.of(words_in("MOBILE PHONES")) == ("手机", "cellphone")
    assert synonyms.of(words_in("手機")) == ("mobile phone", "cellphone")
    assert synonyms.of(words_in("apple phone")) == ("iphone",)
    assert synonyms.of(words_in("iphone")) == ()
    assert synonyms.of(words_in("phone")) == ()
    assert synonyms.longest == 2
    assert synonyms.mapping["cellphone"] == ("手机", "mobile phone")


@pytest.mark.parametrize("line", ["alone", "a =>", "=> b", "a => b => c", ",,,", "!!!, ???"])
def test_a_line_of_synonyms_that_says_nothing_is_named(line: str) -> None:
    with pytest.raises(SynonymsUnreadable, match="line 2"):
        read_synonyms(f"a, b\n{line}")


def test_the_file_of_the_shop_is_readable_and_speaks_both_languages() -> None:
    synonyms = load_synonyms()
    assert "手机" in synonyms.of(words_in("smartphones"))
    assert "headphones" in synonyms.of(words_in("耳机"))
