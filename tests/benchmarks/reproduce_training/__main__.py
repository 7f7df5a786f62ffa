"""What the papers and the talk claim of training, made again: `make reproduce-training` (HITSCOPE_DATA names the data).

    python -m tests.benchmarks.reproduce_training [--stages reference honest …] [--seeds 5] [--folds 5] [--workers 2]

Finished trainings are kept in `--cache`, unfinished ones go on from their last epoch: stop it in any way and start it again.
The page is written from whatever is there. Another process may be given the same cache: each takes what nobody is at.
`--stages` without a name writes the page alone.
"""

import argparse
import os
import sys
from pathlib import Path

from .cache import Cache
from .stages import STAGES, Asked


def main() -> None:
    """Run the stages asked for, and write the page."""
    asked = _arguments().parse_args()
    told = Asked(asked.seeds, asked.folds, asked.draws, asked.epochs)
    cache = Cache(asked.cache)
    trainings = [name for name in asked.stages if name != "steps"]
    if asked.workers > 1 and trainings and not asked.worker:
        from .work import in_processes

        if not in_processes(asked.workers, [*sys.argv[1:], "--worker"]):
            sys.exit("A process failed: what it said stands above. What is finished is kept; start again to go on.")
    elif trainings:
        _train(trainings, told, cache, worker=asked.worker)
    if asked.worker:
        return
    if "steps" in asked.stages:
        from .steps import measure

        measure(cache)
    from .report import write

    write(cache, told, asked.out)


def _train(names: list[str], told: Asked, cache: Cache, *, worker: bool) -> None:
    import torch

    from core.jobs import NullReporter

    from .trials import TRIALS
    from .work import WhileNeeded, work_through

    torch.set_num_threads(1)  # so that figures do not depend on how many processors there are
    stages = STAGES | {"trials": lambda _: TRIALS}
    runs = [cell.run for name in names for cell in stages[name](told)]
    work_through(runs, cache, Path(os.environ["HITSCOPE_DATA"]), report=WhileNeeded() if worker else NullReporter())


def _arguments() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    everything = [*STAGES, "steps"]
    options.add_argument("--stages", nargs="*", choices=[*everything, "trials"], default=everything)
    options.add_argument("--seeds", type=int, default=5, help="random splits of the EEG")
    options.add_argument("--folds", type=int, default=5, help="of units: segments, records, patients")
    options.add_argument("--draws", type=int, default=10, help="of wrong labels and of raters")
    options.add_argument("--epochs", type=float, default=1.0, help="times those of the recipes")
    options.add_argument("--workers", type=int, default=1, help="processes, each of one thread")
    options.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options.add_argument("--cache", type=Path, default=Path("reproduce-training-cache"))
    options.add_argument("--out", type=Path, default=Path("docs/results/training.md"))
    return options


if __name__ == "__main__":
    main()
