"""What came of a campaign as Markdown: for each saga a table of its steps and what happened to them, and the failures in words.

Pure, but for `write_between`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests.chaos.campaign import Result
from tests.chaos.plan import FAULTS, Fault
from tests.chaos.steps import Step, all_steps

BEGIN, END = "<!-- chaos: written by `make chaos` -->", "<!-- chaos: end -->"
_SIGNS = {"survived": "✓", "broken": "**✗**", "not reached": "○"}
_NOT_APPLICABLE, _NOT_RUN = "·", "–"
_COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("worker k- k+", ("worker-killed-before", "worker-killed-after")),
    ("new version", ("version-deployed",)),
    ("api k", ("api-killed",)),
    ("PostgreSQL k r s", ("postgres-killed", "postgres-refuses-before", "postgres-slow-before")),
    ("disk f", ("disk-full-before",)),
    ("Temporal k r s", ("temporal-killed", "temporal-refuses", "temporal-slow")),
    ("Kafka k h", ("kafka-killed", "kafka-hangs-before")),
    ("Redis k r", ("redis-killed", "redis-refuses-before")),
    ("channel k r s", ("payment-sandbox-killed", "payment-sandbox-refuses-before", "payment-sandbox-slow-before")),
    ("carrier k r s", ("carrier-sandbox-killed", "carrier-sandbox-refuses-before", "carrier-sandbox-slow-before")),
)


@dataclass(frozen=True)
class Facts:
    """About one campaign."""

    seed: int
    day: str
    commit: str
    machine: str
    minutes: float
    rounds: int
    planned_rounds: int
    scale: float
    at_once: int


def written(facts: Facts, results: Sequence[Result], rehearsed: Iterable[Step], nobodys: Sequence[str] = ()) -> str:
    """The whole section."""
    reached = set(rehearsed)
    never = [step for step in all_steps() if step not in reached]
    parts = [_summary(facts, results), *_tables(results, reached), _failures(facts, results, nobodys), _never(never)]
    return "\n\n".join(parts)


def _summary(facts: Facts, results: Sequence[Result]) -> str:
    counts = {outcome: sum(result.outcome == outcome for result in results) for outcome in _SIGNS}
    whole = facts.rounds == facts.planned_rounds
    rows = [
        ("seed", str(facts.seed)),
        ("day, commit", f"{facts.day}, {facts.commit}"),
        ("machine", facts.machine),
        ("took", f"{facts.minutes:.0f} minutes"),
        (
            "rounds",
            f"{facts.rounds} of {facts.planned_rounds}" + ("" if whole else ", the rest was cut off by `--minutes`"),
        ),
        ("stories at once", str(facts.at_once)),
        (
            "scale of time",
            f"{facts.scale:g}: refusing and slow for {60 * facts.scale:g} s, slow by {5 * facts.scale:g} s",
        ),
        ("fault × step", ", ".join(f"{count} {outcome}" for outcome, count in counts.items())),
    ]
    return "\n".join(["| the last campaign | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _tables(results: Sequence[Result], reached: set[Step]) -> Iterable[str]:
    known = {(result.target.fault.name, result.target.step): result for result in results}
    ran = {result.target.fault.name for result in results}
    faults = {fault.name: fault for fault in FAULTS}
    for saga, steps in groupby(all_steps(), key=lambda step: step.saga):
        lines = [f"### {saga}", "", "| step | " + " | ".join(title for title, _ in _COLUMNS) + " |"]
        lines.append("|---|" + "---|" * len(_COLUMNS))
        for step in steps:
            cells = [
                " ".join(_sign(faults[name], step, known, ran, reached) for name in names) for _, names in _COLUMNS
            ]
            lines.append(f"| `{step.name}` | " + " | ".join(cells) + " |")
        yield "\n".join(lines)


def _sign(fault: Fault, step: Step, known: Mapping[tuple[str, Step], Result], ran: set[str], reached: set[Step]) -> str:
    if fault.why_not(step):
        return _NOT_APPLICABLE
    if step not in reached:
        return _SIGNS["not reached"]
    result = known.get((fault.name, step))
    return _NOT_RUN if result is None else _SIGNS[result.outcome]


def _failures(facts: Facts, results: Sequence[Result], nobodys: Sequence[str]) -> str:
    broken = [result for result in results if result.outcome == "broken"]
    missed = [result for result in results if result.outcome == "not reached"]
    lines = ["### Open failures", ""]
    if not broken and not nobodys:
        lines.append("None.")
    lines += [f"- {_one_line(words)}" for words in nobodys]
    for result in broken:
        target = result.target
        replay = f'make chaos ARGS="--seed {facts.seed} --only {target.fault.name}/{target.step}"'
        lines.append(f"- **{target}**: {_one_line(result.words)} (`{replay}`)")
    if missed:
        lines += ["", "In this run these were planned and not reached; the story went another way around them:", ""]
        lines += [f"- {result.target}" for result in missed]
    return "\n".join(lines)


def _never(steps: Sequence[Step]) -> str:
    lines = ["### Steps that no story comes to", ""]
    return "\n".join([*lines, *(f"- `{step}`" for step in steps)] if steps else [*lines, "None."])


def _one_line(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")


def write_between(document: Path, section: str) -> None:
    """Replace what stands between the two markers."""
    text = document.read_text()
    head, _, rest = text.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise ValueError(f"{document} has no section between {BEGIN} and {END}")
    document.write_text(f"{head}{BEGIN}\n\n{section}\n\n{END}{tail}")
