"""`winnow worker`: evaluates what arrives, delivers what follows, keeps time."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.installation import open_installation
from cli.logs import configure_logging
from services.delivery import Pace as DeliveryPace
from services.evaluation import Pace
from services.worker import Options, Worker
from store.settings import load_settings

if TYPE_CHECKING:
    from types import FrameType

# Longer than any attempt at a delivery may take.
SHORTEST_DELIVERY_LEASE = timedelta(seconds=12)


def register(app: typer.Typer) -> None:
    @app.command("worker")
    def worker(
        var: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
        export_every: Annotated[
            float | None,
            typer.Option(help="Copy what is new into the lake every so many seconds."),
        ] = None,
        batch: Annotated[int, typer.Option(help="Items evaluated together.", min=1)] = 1000,
        evaluators: Annotated[int, typer.Option(help="Threads that evaluate.", min=1)] = 2,
        lease_seconds: Annotated[
            float, typer.Option(help="How long a batch may take before it is given again.", min=1)
        ] = 30.0,
    ) -> None:
        """Evaluate what arrives and deliver what follows."""
        settings = load_settings(var_dir=var)
        configure_logging("worker", settings.log_level)
        lease = timedelta(seconds=lease_seconds)
        options = Options(
            evaluators=evaluators,
            export_every_s=export_every,
            pace=Pace(batch, lease),
            delivery=DeliveryPace(lease=max(lease, SHORTEST_DELIVERY_LEASE)),
        )
        with open_installation(settings) as context:
            running = Worker(context, options)

            def stop(_signal: int, _frame: FrameType | None) -> None:
                running.stop()

            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)
            running.run()
