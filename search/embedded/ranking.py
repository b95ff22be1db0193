"""How much a product answers a question: one SQL expression, made of a few numbers that are tuned on `make bench-search`."""

import math

from search.embedded.analysis import KEY_SIGN, chunks_of
from search.embedded.asking import Operands, Question, Term
from search.embedded.filtering import Parameters

_WEIGHTS = "ARRAY[0.08, 0.35, 0.6, 1.0]::real[]"
"""Of D, C, B and A: pieces of words, attributes, brand and category and options, title."""
_FULL = 1.64493406685
"""What ts_rank divides by: one word once at weight A ranks 1 / 1.645."""
_SYNONYM = 0.8
_LAST = 0.7
"""For what a name ends with."""
_THING = 2.0
"""How much more a word tells that goods are called by."""
_NAMED = 0.5
"""For a brand or a category that the question names."""
_WHOLE_TITLE, _ENDS, _PHRASE = 2.0, 0.5, 0.3
"""What stands last in a name says what it is: a 手机壳 is no 手机."""
_IN_STOCK = 0.25
_SALES = 0.03
_CODE = 10.0


def score(question: Question, parameters: Parameters) -> str:
    """The expression for one question."""
    weights = [_rarity(term) for term in question.terms]
    shares = [weight / sum(weights) for weight in weights]
    parts = [_of_term(term, share, parameters) for term, share in zip(question.terms, shares, strict=True)]
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
    if question.named:
        extra.append(f"CASE WHEN facets && {parameters.add(question.named, 'int[]')} THEN {_NAMED} ELSE 0 END")
    return " + ".join([*parts, *extra])


def _rarity(term: Term) -> float:
    """How much a term tells: a word that few products have, more."""
    return (1 + 3 / math.log(math.e + term.products)) * (_THING if term.names_a_thing else 1.0)


def _of_term(term: Term, share: float, parameters: Parameters) -> str:
    """What one term adds. Numbers travel as parameters, so that questions of one shape are one prepared statement."""
    weight = parameters.add(share, "float8")
    said = f"{_FULL} * {_rank(term.exact, parameters)}"
    if term.similar is not None:
        said = f"greatest({said}, {_any(term.similar, _SYNONYM, parameters)})"
    if term.last is None:
        return f"{weight} * {said}"
    return f"{weight} * ({said} + {_any(term.last, _LAST, parameters)})"


def _any(operands: Operands, most: float, parameters: Parameters) -> str:
    """`most` if a product has one of the operands where it counts fully."""
    each = parameters.add(most * _FULL * operands.count, "float8")
    return f"least({most}, {each} * {_rank(operands, parameters)})"


def _rank(operands: Operands, parameters: Parameters) -> str:
    """The mean weight of the operands that a product has."""
    return f"ts_rank({_WEIGHTS}, ranked, {parameters.add(operands.query, 'text')}::tsquery)"
