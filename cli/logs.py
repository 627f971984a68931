"""Logs of the long-running processes: one JSON object a line, or coloured lines for a terminal.

Other commands print results on standard output, and what is logged meanwhile elsewhere.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import structlog
from structlog.typing import Processor

_SHARED: Sequence[Processor] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
)

# Left silent: a platform sends thousands of requests a second.
_A_LINE_A_REQUEST = "uvicorn.access"

# Local variables hold what people wrote and, at times, keys: they stay out of the logs.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def keep_off_results() -> None:
    """What is logged while a command runs goes to standard error, as it is at that moment."""
    structlog.configure(logger_factory=_to_standard_error)


def _to_standard_error(*_arguments: object) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


def configure_logging(process: str, level: str = "info") -> None:
    """Structured logs and those of libraries alike go to standard error, stamped with the process.

    level: one of debug, info, warning, error.
    """
    renderers = _for_people() if sys.stderr.isatty() else _for_programs(process)
    structlog.configure(
        processors=[*_SHARED, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *renderers,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("httpx").setLevel(logging.WARNING)


def reclaim_loggers() -> None:
    """Gives the loggers that Streamlit has made its own back to ours."""
    for logger in logging.Logger.manager.loggerDict.values():
        own = getattr(logger, "streamlit_console_handler", None)
        if isinstance(logger, logging.Logger) and own is not None:
            logger.removeHandler(own)
            logger.propagate = logger.name != _A_LINE_A_REQUEST


def _for_people() -> list[Processor]:
    return [structlog.dev.ConsoleRenderer()]


def _for_programs(process: str) -> list[Processor]:
    def stamp(
        _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        return {"process": process, **event}

    return [stamp, _TRACEBACKS, structlog.processors.JSONRenderer()]
