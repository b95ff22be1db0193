"""How much a product answers a question: one SQL expression, made of a few numbers that are tuned on `make bench-search`."""

from collections.abc import Mapping

from search.embedded.analysis import KEY_SIGN, chunks_of
from search.embedded.asking import Question, Term
from search.embedded.filtering import Parameters

_WEIGHTS = "ARRAY[0.08, 0.35, 0.6, 1.0]::real[]"
"""Of D, C, B and A: pieces of words, attributes, brand and category and options, title."""
_FULL = 1.64493406685
"""What ts_rank divides by: one word once at weight A ranks 1 / 1.645."""
_SYNONYM = 0.8
_NAMED = 0.5
"""For a brand or a category that the question names."""
_WHOLE_TITLE, _ENDS, _PHRASE = 2.0, 0.5, 0.3
"""What stands last in a name says what it is: a 手机壳 is no 手机."""
_IN_STOCK = 0.25
_SALES = 0.03
_CODE = 10.0


def score(question: Question, rarity: Mapping[str, float], named: list[int], parameters: Parameters) -> str:
    """The expression for one question. `rarity` weighs its terms, `named` are facet values that it names."""
    parts = [_of_term(term, rarity.get(term.text, 1.0), parameters) for term in question.terms]
    total = sum(rarity.get(term.text, 1.0) for term in question.terms) or 1.0
    text = f"({' + '.join(parts)}) / {total:.4f}" if parts else "0"
    normal = parameters.add(question.normal, "text")
    key = parameters.add(KEY_SIGN.join(chunks_of(question.normal)), "text")
    sign = f"'{KEY_SIGN}'"
    extra = [
        f"CASE WHEN title = {sign} || {key} || {sign} THEN {_WHOLE_TITLE} "
        f"WHEN strpos(title, {key} || {sign}) > 0 THEN {_ENDS} WHEN strpos(title, {key}) > 0 THEN {_PHRASE} ELSE 0 END",
        f"CASE WHEN codes @> ARRAY[{normal}] THEN {_CODE} ELSE 0 END",
        f"CASE WHEN in_stock THEN {_IN_STOCK} ELSE 0 END",
        f"{_SALES} * ln(1 + greatest(sales, 0))",
    ]
    if named:
        extra.append(f"CASE WHEN facets && {parameters.add(named, 'int[]')} THEN {_NAMED} ELSE 0 END")
    return " + ".join([text, *extra])


def _of_term(term: Term, weight: float, parameters: Parameters) -> str:
    exact = f"{_FULL} * ts_rank({_WEIGHTS}, ranked, {parameters.add(term.exact, 'text')}::tsquery)"
    if not term.similar:
        return f"{weight:.4f} * {exact}"
    similar = (
        f"least({_SYNONYM}, {_SYNONYM * _FULL * term.similar_count:.4f} "
        f"* ts_rank({_WEIGHTS}, ranked, {parameters.add(term.similar, 'text')}::tsquery))"
    )
    return f"{weight:.4f} * greatest({exact}, {similar})"
