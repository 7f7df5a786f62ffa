"""What the annotation papers and the talk claim, made again: `make reproduce-annotation` (HITSCOPE_DATA names the data).

    python -m tests.benchmarks.reproduce_annotation [--maps 28] [--draws 20] [--epochs 12] [--stages mnist own …]

Features, maps, neighbour lists and qualities are kept in `--cache`, so that another run takes seconds, and the page is
written from whatever is there. No choice is made by the true classes; they only judge.
"""

import argparse
import os
from pathlib import Path

from .cache import Cache
from .report import write
from .stages import STAGES, Choices


def main() -> None:
    """Run the stages asked for, and write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--stages", nargs="*", choices=list(STAGES), default=list(STAGES))
    options.add_argument(
        "--maps", type=int, default=28, help="t-SNE maps: of Hitscope's defaults, and of the published grid of 27"
    )
    options.add_argument("--draws", type=int, default=20, help="random draws of labels")
    options.add_argument("--epochs", type=int, default=12, help="of the autoencoder")
    options.add_argument("--reference-epochs", type=int, default=50, help="of the autoencoder as published; there 50")
    options.add_argument("--talk-draws", type=int, default=8, help="draws of the talk's classifier")
    options.add_argument("--cnn-draws", type=int, default=8, help="draws of the 2-D CNN")
    options.add_argument("--threads", type=int, default=0, help="of training; 0: as many as there are")
    options.add_argument("--cache", type=Path, default=Path("reproduce-annotation-cache"))
    options.add_argument("--out", type=Path, default=Path("docs/results/annotation.md"))
    asked = options.parse_args()
    if asked.threads:
        import torch

        torch.set_num_threads(asked.threads)
    draws = {"talk": asked.talk_draws, "cnn2d": asked.cnn_draws}
    cache = Cache(asked.cache)
    data, epochs = Path(os.environ["HITSCOPE_DATA"]), (asked.epochs, asked.reference_epochs)
    choices = Choices(data, cache, asked.draws, asked.maps, *epochs, draws)
    for name in asked.stages:
        cache.keep(name, STAGES[name](choices))
    write(cache, choices, asked.out)


if __name__ == "__main__":
    main()
