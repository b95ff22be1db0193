"""Alipay and WeChat Pay live by the clock of Beijing, which knows no summer time."""

from datetime import datetime, timedelta, timezone

ZONE = "Asia/Shanghai"
BEIJING = timezone(timedelta(hours=8), ZONE)
_FORM = "%Y-%m-%d %H:%M:%S"


def beijing_text(moment: datetime) -> str:
    """`2026-01-31 09:05:00`, as Alipay writes times."""
    return moment.astimezone(BEIJING).strftime(_FORM)


def beijing_moment(text: str) -> datetime:
    """Back from that; ValueError for anything else."""
    return datetime.strptime(text.strip(), _FORM).replace(tzinfo=BEIJING)
