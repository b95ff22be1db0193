"""Reading a review of 1,000 characters with a list of 10,000 words.

    python -m benchmarks.moderation [--words 10000] [--rounds 5]

The words are two to six characters long, drawn from a seed out of 3,000 characters; one in twenty also counts by its sound, and one
in four is a Latin word. The texts are made of sentences of the judged list's kind, in both languages, and one of them is
disguised and guilty. What counts is the processor time of one thread. The promise: 1 ms at the median.
"""

import argparse
import random
import statistics
import time

from models.reviews.moderation import Judge
from models.reviews.starter_words import starter_words
from models.reviews.types import Verdict, WordTerms

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SENTENCES = (
    "这家店的东西真的很好，物流也快！",
    "质量不错，下次还会再来买，推荐给大家。",
    "Very good quality, and it came in 2 days. ",
    "颜色和照片一样，穿着很舒服，尺码偏小一点，",
    "客服态度很好，耐心解答了我的问题；",
    "the zip broke after a week, but they sent another one. ",
)
_GUILTY = "加 微 信，s h 1 t，傻★逼，妈妈的味道，路口交通，"


def words(many: int, seed: int = 7) -> list[WordTerms]:
    """The list: the words a new shop starts with, and drawn ones up to `many`."""
    chance = random.Random(seed)
    characters = [chr(0x4E00 + chance.randrange(20_000)) for _ in range(3_000)]
    found = {word.text: word for word in starter_words()}
    while len(found) < many:
        latin = chance.random() < 0.25
        text = "".join(
            chance.choices(_LETTERS if latin else characters, k=chance.randint(4, 9) if latin else chance.randint(2, 6))
        )
        sounds = not latin and len(text) > 2 and chance.random() < 0.07
        found[text] = WordTerms(text=text, verdict=Verdict.MASK, homophones=sounds)
    return list(found.values())


def texts(many: int, characters: int, seed: int = 7) -> list[str]:
    """Reviews of that length, one in two of them guilty."""
    chance = random.Random(seed)
    made = []
    for n in range(many):
        parts = [_GUILTY] if n % 2 else []
        while sum(map(len, parts)) < characters:
            parts.insert(chance.randint(0, len(parts)), chance.choice(_SENTENCES))
        made.append("".join(parts)[:characters])
    return made


def measure(many_words: int = 10_000, rounds: int = 5, characters: int = 1_000) -> tuple[float, list[float]]:
    """Milliseconds to build the automata, and of one reading, the median of each round."""
    listed = words(many_words)
    begun = time.thread_time()
    judge = Judge(listed)
    built = (time.thread_time() - begun) * 1e3
    reviews = texts(50, characters)
    for review in reviews:
        judge.judge(review)
    medians = []
    for _ in range(rounds):
        took = []
        for review in reviews:
            begun = time.thread_time()
            judge.judge(review)
            took.append((time.thread_time() - begun) * 1e3)
        medians.append(statistics.median(took))
    return built, medians


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    built, medians = measure(asked.words, asked.rounds)
    print(f"list of {asked.words} words built in {built:.0f} ms")  # noqa: T201
    low, middle, high = min(medians), statistics.median(medians), max(medians)
    print(f"a review of 1,000 characters: {middle:.2f} ms (rounds {low:.2f} to {high:.2f})")  # noqa: T201


if __name__ == "__main__":
    main()
