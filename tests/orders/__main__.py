"""Tell the same deliveries in many orders: `python -m tests.orders [--orders 50] [--stories N]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bot.queue.embedded import EmbeddedServer
from tests.orders.script import differences, run


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orders", type=int, default=50)
    options.add_argument("--stories", type=int, default=36, help="36 make some 1,000 deliveries")
    options.add_argument("--from", dest="first", type=int, default=1, help="the first seed")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "queue")
        try:
            return _tell(server.start(), Path(folder), asked.stories, asked.first, asked.orders)
        finally:
            server.stop()


def _tell(url: str, folder: Path, stories: int, first: int, orders: int) -> int:
    environments = folder / "environments"
    environments.mkdir()
    wanted, problems, order = run(folder / "wanted", url, environments, stories, None)
    print(f"as it happened: {order.sent} deliveries, {problems or 'as wanted'}", flush=True)
    bad = len(problems)
    for seed in range(first, first + orders):
        with tempfile.TemporaryDirectory() as place:
            got, problems, order = run(Path(place), url, environments, stories, seed)
        problems += differences(wanted, got)
        bad += bool(problems)
        told = f"{order.sent} deliveries, {order.lost} lost, {order.twice} doubled"
        print(f"order {seed}: {told}: {'; '.join(problems) or 'as wanted'}", flush=True)
    print(f"{orders - bad} of {orders} orders ended the same")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
