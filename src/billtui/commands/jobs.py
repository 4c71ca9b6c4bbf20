"""Commands on jobs."""

from __future__ import annotations

from billtui.commands.command import Command, Danger, Scope

COMMANDS = (
    Command(
        "job.pause",
        "Pause or go on",
        "Stop starting operations; or show what is left and go on.",
        ("p",),
        Scope.JOBS,
        bar=2,
        short="Pause",
        verb="billtui jobs resume",
    ),
    Command(
        "job.retry",
        "Retry failed",
        "Confirm what failed once more.",
        ("R",),
        Scope.JOBS,
        Danger.MONEY,
        bar=3,
        short="Retry",
    ),
    Command(
        "job.settle",
        "Settle now",
        "Ask the panel what became of the unknown ones.",
        ("t",),
        Scope.JOBS,
        bar=4,
        short="Settle",
    ),
    Command(
        "job.cancel",
        "Cancel",
        "Start nothing new; what was sent is finished.",
        ("K",),
        Scope.JOBS,
        Danger.CHANGES,
        bar=5,
        verb="billtui jobs cancel",
    ),
    Command(
        "job.decide",
        "Decide",
        "Close an operation whose outcome only a person can tell.",
        ("d",),
        Scope.JOBS,
        Danger.CHANGES,
    ),
    Command(
        "job.report",
        "Report to a file",
        "Every operation with its state, amount, reason, request and times, as CSV or JSON.",
        ("w",),
        Scope.JOBS,
        bar=6,
        short="Report",
        verb="billtui jobs report",
    ),
    Command(
        "job.explain",
        "Explain",
        "One operation in full: what was sent, when, and what became of it.",
        ("e",),
        Scope.JOB,
        bar=1,
        short="Explain",
    ),
)
