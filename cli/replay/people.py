"""The made-up half of a buyer. The files hold no names, streets or phones; these follow from the customer's id alone."""

import hashlib

_FIRST_NAMES = (
    "Ana Beatriz Bruno Camila Carlos Daniela Diego Eduarda Felipe Fernanda Gabriel Helena Igor Isabela João Júlia Larissa"
    " Lucas Mariana Mateus Natália Otávio Paula Rafael Renata Rodrigo Sofia Tiago Vanessa Vinícius"
)
_LAST_NAMES = (
    "Almeida Alves Araújo Barbosa Cardoso Carvalho Costa Dias Fernandes Ferreira Gomes Lima Lopes Martins Melo Moreira"
    " Nascimento Oliveira Pereira Ribeiro Rocha Rodrigues Santos Silva Souza Teixeira Vieira"
)
_STREETS = (
    "Rua das Acácias",
    "Rua das Flores",
    "Rua do Comércio",
    "Rua São João",
    "Rua XV de Novembro",
    "Avenida Brasil",
    "Avenida Central",
    "Avenida Getúlio Vargas",
    "Travessa do Porto",
)


def _number(person: str, what: str, below: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{what}/{person}".encode()).digest()[:8]) % below


def name_of(person: str) -> str:
    """First and last name."""
    first, last = _FIRST_NAMES.split(), _LAST_NAMES.split()
    return f"{first[_number(person, 'first', len(first))]} {last[_number(person, 'last', len(last))]}"


def street_of(person: str) -> str:
    """Street and number."""
    return f"{_STREETS[_number(person, 'street', len(_STREETS))]}, {_number(person, 'house', 2400) + 1}"


def phone_of(person: str) -> str:
    """A Brazilian mobile number that nobody has: area codes never end in 0."""
    return f"+55 20 9{_number(person, 'phone', 10**8):08d}"


def email_of(person: str) -> str:
    """What this buyer logs in with; `.example` belongs to nobody (RFC 2606)."""
    return f"{person}@buyers.example"


def password_of(person: str) -> str:
    """Long, and the same each time, so that an interrupted replay can log in again. Worth nothing outside a trial shop."""
    return hashlib.sha256(f"password/{person}".encode()).hexdigest()[:24]
