"""The production-like stack says what it means: every name in it exists, and every task queue has a worker."""

import re
from pathlib import Path
from typing import Any

import yaml

from hanse.settings import Settings
from hanse.stack.temporal import SEARCH_ATTRIBUTES
from workflows.options import TaskQueue

ROOT = Path(__file__).parents[2]
STACK: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.temporal.yml").read_text())
SERVICES: dict[str, Any] = STACK["services"]


def test_every_dependency_volume_and_file_of_the_stack_exists() -> None:
    missing = [
        (name, wanted)
        for name, service in SERVICES.items()
        for wanted in [
            *(service.get("depends_on") or {}),
            *(volume.split(":")[0] for volume in service.get("volumes", [])),
        ]
        if wanted not in SERVICES and wanted not in STACK["volumes"] and not (ROOT / wanted).is_file()
    ]
    assert missing == []


def test_every_image_is_pinned_to_a_version() -> None:
    floating = [name for name, service in SERVICES.items() if not re.search(r":v?[\w.]*\d|:local$", service["image"])]
    floating += [name for name, service in SERVICES.items() if "image" not in service]
    assert floating == []


def test_every_task_queue_is_served_by_a_worker_of_the_stack() -> None:
    commands = [service.get("command", []) for service in SERVICES.values()]
    served = {command[index + 1] for command in commands for index, word in enumerate(command) if word == "--queue"}
    assert served == {queue.value for queue in TaskQueue}


def test_the_metrics_of_every_worker_of_the_stack_are_collected() -> None:
    jobs = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"]
    collected = {target.split(":")[0] for job in jobs for each in job["static_configs"] for target in each["targets"]}
    assert {name for name in SERVICES if name.startswith("worker-")} <= collected


def test_every_setting_of_the_stack_is_one_that_is_read() -> None:
    known = {f"HANSE_{name.upper()}" for name in Settings.model_fields} | {
        "HANSE_SANDBOX_PAYMENT_PUBLIC_URL",  # the sandbox's own
    }
    assert set(STACK["x-hanse"]["environment"]) <= known


def test_the_stack_registers_the_search_attributes_that_sagas_use() -> None:
    script = SERVICES["temporal-search-attributes"]["command"][0]
    wanted = [f"{name}={kind}" for name, kind in SEARCH_ATTRIBUTES.items()]
    assert [pair for pair in wanted if pair not in script] == []


def test_every_alert_watches_something_that_is_counted() -> None:
    rules = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())
    watched = {
        name.removesuffix("_total")
        for group in rules["groups"]
        for rule in group["rules"]
        for name in re.findall(r"hanse_\w+", rule["expr"])
    }
    counted = {
        name
        for path in (ROOT / "workflows").glob("*.py")
        for name in re.findall(r'create_(?:counter|gauge|gauge_float)\(\s*"(hanse_\w+)"', path.read_text())
    }
    counted |= {
        name
        for path in [
            part for layer in ("activities", "api", "bus", "workflows") for part in (ROOT / layer).rglob("*.py")
        ]
        for name in re.findall(r'(?:_count|Counter)\(\s*"(hanse_\w+)"', path.read_text())
    }
    assert watched, "the alerts watch nothing"
    assert watched - counted == set()


def test_an_alert_on_a_counter_hears_the_first_count_of_one_that_did_not_exist_before() -> None:
    rules = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())
    counting = {
        rule["alert"]: rule["expr"]
        for group in rules["groups"]
        for rule in group["rules"]
        if re.search(r"\b(increase|i?rate|delta)\(", rule["expr"])
    }
    first_too = re.compile(
        r"sum(?: by \(\w+\) )?\(\((?P<x>hanse_\w+_total) unless (?P=x) offset (?P<w>\w+)\) or increase\((?P=x)\[(?P=w)\]\)\) > 0"
    )
    assert counting, "no alert looks at a counter"
    assert [name for name, expr in counting.items() if not first_too.fullmatch(expr)] == []


def test_every_alert_says_what_to_do_about_it() -> None:
    rules = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())
    silent = [
        rule["alert"]
        for group in rules["groups"]
        for rule in group["rules"]
        if not {"summary", "todo"} <= set(rule["annotations"]) or rule["labels"].keys() != {"severity"}
    ]
    assert silent == []


def test_a_stranded_order_and_a_statement_that_failed_or_never_came_raise_an_alert() -> None:
    alerts = (ROOT / "deploy/alerts.yml").read_text()
    wanted = (
        "hanse_order_stranded",
        "hanse_reconciliation_failed",
        "hanse_statement_missing",
        "hanse_stock_commit_failed",
    )
    assert [name for name in wanted if f"{name}_total" not in alerts] == []


def test_a_broken_invariant_and_an_audit_that_never_ends_raise_an_alert() -> None:
    rules = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())
    exprs = {rule["alert"]: rule["expr"] for group in rules["groups"] for rule in group["rules"]}
    assert "hanse_audit_breaks[" in exprs["AuditBroken"]
    assert "hanse_audit_last_clean_timestamp_seconds" in exprs["AuditMissing"]
