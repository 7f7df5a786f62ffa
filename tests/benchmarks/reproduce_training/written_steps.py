"""The sections on the speed of a training step, and on the trials of settings."""

from tests.benchmarks.reproduce_annotation.statistics import prose, table

from .figures import Found


def steps(measured: dict | None) -> str:
    """Return the section on speed, empty where it was not measured."""
    if measured is None:
        return ""
    text = f"""`tests/benchmarks/bench_training_step.py`: batch 32, ESR input, {measured["threads"]} threads; the load of
        the machine was {measured["load"]:.1f} before, so other programs may have been at work. The published code took 168 to
        178 ms (2D CNN) and 86 to 99 ms (1D CNN-Transformer) on two processors."""
    return prose(text) + "\n\n```\n" + measured["output"].strip() + "\n```"


def trials(tried: Found) -> str:
    """Return the trials of settings: validation figures only."""
    if not tried.done:
        return ""
    text = """Short trials on draw 0, judged by validation MCC; the test sides of trials are never predicted. The settings
        used are in `tests/benchmarks/reproduce_training/recipes.py`."""
    rows = []
    for one in tried.done:
        best = max(epoch["validation_mcc"] for epoch in one.about["history"])
        place = f"{one.about['best_epoch']} of {one.about['epochs']}"
        rows.append(
            [one.cell.arm, one.cell.who, f"{100 * best:.2f}", place, f"{one.about['processor_seconds'] / 60:.0f}"]
        )
    return prose(text) + "\n\n" + table(["data", "settings", "validation MCC", "best epoch", "minutes"], rows)
