"""Run the few tests that failed once more, alone: what a crowded machine made late passes, what is broken fails again.

Up to three; more is no accident. Every one of them is named in the output either way, so that a test that needs its second
chance often is seen and mended.
"""

import json
import subprocess
import sys
from pathlib import Path

FAILED = Path(".pytest_cache/v/cache/lastfailed")
AT_MOST = 3


def main() -> int:
    """0 when each of them passed now; 1 when one did not, when they are too many, or when it was no test that failed."""
    failed = list(json.loads(FAILED.read_text())) if FAILED.exists() else []
    if not 0 < len(failed) <= AT_MOST:
        return 1
    sys.stdout.write("\nOnce more, alone:\n" + "".join(f"  {name}\n" for name in failed))
    sys.stdout.flush()
    again = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *failed], check=False)
    verdict = "passed when it ran alone: look why it needs that" if again.returncode == 0 else "failed again"
    sys.stdout.write("".join(f"{name}: {verdict}\n" for name in failed))
    return min(again.returncode, 1)


if __name__ == "__main__":
    sys.exit(main())
