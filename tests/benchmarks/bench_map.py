"""How quickly the map of events answers at 100,000 and 1,000,000 points: a frame of panning and of zooming, other colours, from
letting go of the lasso to the selection being painted, and where the pointer is.

Each figure counts all that happens on the GUI thread until the widget is painted, grabbed as a picture. Prints medians and 95th
percentiles; exits with 1 where a median misses its bar.
"""

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

SIZE = 1000, 700
# ms: what a median may take, by number of points.
BARS = {
    100_000: {"pan": 33, "zoom": 33, "density": 33, "recolour": 50, "lasso": 50, "hover": 5},
    1_000_000: dict.fromkeys(("pan", "zoom", "density", "recolour", "lasso"), 150) | {"hover": 5},
}


def clusters(n, seed=0):
    """Twelve clusters, a tenth of the events labelled."""
    rng = np.random.default_rng(seed)
    of = rng.integers(0, 12, n)
    points = rng.normal(size=(12, 2))[of] * 8 + rng.normal(size=(n, 2))
    return points, np.where(rng.random(n) < 0.1, 2 + of % 9, 0).astype(np.uint8)


def send(canvas, kind, at):
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if kind == QEvent.Type.MouseMove else left
    held = left if kind != QEvent.Type.MouseButtonRelease else none
    event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas, event)


def draw_lasso(canvas):
    """Draw 200 points of a circle; leave the button down."""
    turn = np.linspace(0, 2 * np.pi, 200)
    path = np.stack([500 + 250 * np.cos(turn), 350 + 250 * np.sin(turn)], axis=1)
    send(canvas, QEvent.Type.MouseButtonPress, QPointF(*path[0]))
    for x, y in path:
        send(canvas, QEvent.Type.MouseMove, QPointF(x, y))
    return QPointF(*path[-1])


def timed(times, run, prepare=lambda _n: None):
    took = []
    for n in range(times):
        given = prepare(n)
        started = time.perf_counter()
        run(n, given)
        took.append(1000 * (time.perf_counter() - started))
    return took


def measure(canvas, codes, palette, times):
    def lasso(n, at):
        send(canvas, QEvent.Type.MouseButtonRelease, at)
        canvas.grab()

    def pointed(n, _):
        send(canvas, QEvent.Type.MouseMove, QPointF(200 + 10 * n, 300))

    rng = np.random.default_rng(1)
    recoloured = [rng.permutation(codes) for _ in range(3)]
    figures = {
        "pan": timed(times, lambda n, _: (canvas.pan(7 if n % 2 else -9, 3), canvas.grab())),
        "zoom": timed(times, lambda n, _: (canvas.zoom(1.2 if n % 2 else 1 / 1.3, (300, 200)), canvas.grab())),
        "recolour": timed(times, lambda n, _: (canvas.show_codes(recoloured[n % 3], palette), canvas.grab())),
    }
    canvas.fit()
    canvas.show_density(True)
    figures["density"] = timed(times, lambda n, _: (canvas.pan(7 if n % 2 else -9, 3), canvas.grab()))
    canvas.show_density(False)
    canvas.fit()
    canvas.set_tool("lasso")
    figures["lasso"] = timed(
        times, lasso, lambda _n: (canvas.show_selection([]), canvas.grab(), draw_lasso(canvas))[-1]
    )
    canvas.set_tool("pan")
    figures["hover"] = timed(times, pointed)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=25, help="repetitions of each figure")
    arguments = parser.parse_args()
    from desktop.app import create_app
    from desktop.services.tasks import TaskPool
    from desktop.widgets.map import MapCanvas, class_palette

    create_app()
    tasks, missed = TaskPool(), []
    for n, bars in BARS.items():
        points, codes = clusters(n)
        canvas = MapCanvas(tasks)
        canvas.resize(*SIZE)
        canvas.show()
        canvas.show_points(np.arange(n) + 1, points)
        canvas.show_codes(codes, class_palette())
        canvas.selected.connect(lambda ids, _mode, canvas=canvas: canvas.show_selection(ids))
        started = time.perf_counter()
        while tasks.busy:
            QApplication.processEvents()
        print(
            f"{n:,} points, {SIZE[0]} × {SIZE[1]} pixels; tree {time.perf_counter() - started:.2f} s in the background"
        )
        for name, took in measure(canvas, codes, class_palette(), arguments.times).items():
            median, most = np.median(took), np.percentile(took, 95)
            missed += [f"{name} at {n:,}"] * bool(median > bars[name])
            said = f"first {took[0]:6.1f}   bar {bars[name]} ms{'   MISSED' if median > bars[name] else ''}"
            print(f"  {name:<9} median {median:6.1f}   95 % {most:6.1f}   {said}", flush=True)
        print(f"  {len(canvas.picture.selected):,} events were in the lasso")
        canvas.close()
        canvas.deleteLater()
        QApplication.processEvents()
    tasks.close()
    print("missed: " + ", ".join(missed) if missed else "every bar holds")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
