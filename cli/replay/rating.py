"""Whether the posted reviews stand in the shop as they were filed, and whether products are rated by what they add up to."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from cli.calling import Login, Shop
from cli.replay.differences import Difference, from_the_files, in_the_shop
from cli.replay.script import GoodKey, PlayedOrder
from cli.replay.stocking import Sku

Json = Mapping[str, Any]


class Ratings:
    """What the shop says in the end. `reviews` and `stars` count what products are rated by, without what others said."""

    def __init__(self, shop: Shop, operator: Login, skus: Mapping[GoodKey, Sku]) -> None:
        self._shop = shop
        self._operator = operator
        self._skus = skus
        self._published: dict[str, dict[str, int]] = defaultdict(dict)
        """Of each product that the files' reviews are about, the stars of each published one."""
        self.reviews = 0
        self.stars = 0
        self.differences: list[Difference] = []

    async def judge_review(self, played: PlayedOrder, review_id: str | None) -> None:
        """Whether it was posted, says what was filed, and is seen by others as it was written. The list of words is the shop's,
        but what it found is in the file: a text that it masks, holds or rejects is listed with the words, as explained."""
        filed = played.review
        if filed is None:
            return
        published = self._published[self._skus[played.lines[0].good].spu_id]
        if review_id is None:
            lost = in_the_shop(played.order_id, "review not posted", "", reviews=-1, stars=-filed.stars)
            self.differences.append(lost)
            return
        desk = (await self._shop.ask("GET", f"/v1/operators/reviews/{review_id}", who=self._operator)).body
        stars, main = desk["review"]["stars"], desk["review"]["main"]
        if (stars, main["text"]) != (filed.stars, filed.text):
            detail = f"{review_id}: {stars} stars, {main['text']!r}; filed {filed.stars}, {filed.text!r}"
            other = in_the_shop(played.order_id, "another review", detail, stars=stars - filed.stars)
            self.differences.append(other)
        if main["state"] == "published":
            published[review_id] = stars
        self._judge_words(played.order_id, review_id, stars, main)

    def _judge_words(self, order_id: str, review_id: str, stars: int, main: Json) -> None:
        """What became of the text. Once a person has spoken about it, the files explain it no more."""
        words = ", ".join(found["word"] for found in main["findings"])
        by_words = words and main["decided_by"] is None and main["held_for"] in (None, "words")
        said_by = from_the_files if by_words else in_the_shop
        detail = f"{review_id}: {words or main['held_for'] or 'not for its words'}"
        if main["state"] != "published":
            gone = said_by(order_id, f"review {main['state']}", detail, reviews=-1, stars=-stars)
            self.differences.append(gone)
        elif main["shown"] != main["text"]:
            self.differences.append(from_the_files(order_id, "review masked", detail))

    async def judge_products(self) -> None:
        """Whether each product's rating, without what others say of it, is what the published ones add up to."""
        for spu_id, ours in self._published.items():
            path = f"/v1/products/{spu_id}/reviews"
            others = [one["stars"] for one in await self._shop.pages(path) if one["review_id"] not in ours]
            by_stars = (await self._shop.ask("GET", f"{path}/summary")).body["by_stars"]
            reviews = sum(by_stars) - len(others)
            stars = sum(number * many for number, many in enumerate(by_stars, 1)) - sum(others)
            self.reviews += reviews
            self.stars += stars
            should = len(ours), sum(ours.values())
            if (reviews, stars) != should:
                detail = f"{reviews} reviews with {stars} stars; it should be {should[0]} with {should[1]}"
                moved = {"reviews": reviews - should[0], "stars": stars - should[1]}
                self.differences.append(in_the_shop(spu_id, "another rating", detail, **moved))
