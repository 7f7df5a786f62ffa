"""`hitscope annotations`: export, import and convert from a terminal."""

import json
import shutil
from pathlib import Path

import pytest

import resources
from core.events import make_events
from core.signals import add_to_study, read_annotations
from core.study import Study

SMALL = Path(__file__).parents[2] / "data" / "recordings"
FLAC = ("flacformats.hea", "flacformats.d0", "flacformats.d1", "flacformats.d2")


@pytest.fixture
def folder(tmp_path):
    """A study with the beats of a recording."""
    with Study.create(tmp_path / "s", annotator="Ana") as study:
        add_to_study(study, resources.path("demo/208"))
        study.apply(make_events(study, 1, "annotations", mapping="aami"))
    return tmp_path / "s"


def test_export_import_and_convert(folder, tmp_path, run):
    status, out, _ = run("annotations", "export", folder, 1, tmp_path / "beats.atr", "--json")
    assert (status, json.loads(out)["events"]) == (0, 2955)
    status, out, _ = run("annotations", "convert", tmp_path / "beats.atr", tmp_path / "beats.edf")
    assert (status, out) == (0, f"2,955 annotations written to {tmp_path / 'beats.edf'}\n")
    assert read_annotations(tmp_path / "beats.edf") == read_annotations(tmp_path / "beats.atr")
    status, out, _ = run("annotations", "import", folder, 1, tmp_path / "beats.edf", "--json")
    assert (status, json.loads(out)) == (
        0,
        {"done": "import 0 events from beats.edf; 2,955 were there already", "events": 0, "labels": 0},
    )
    with Study.create(tmp_path / "other") as study:
        add_to_study(study, resources.path("demo/208"))
    assert run("annotations", "import", tmp_path / "other", 1, tmp_path / "beats.edf")[0] == 0
    with Study.open(tmp_path / "other") as other, Study.open(folder) as mine:
        assert other.history()[0].title == "import 2,955 events from beats.edf"
        assert other.events().label.tolist() == mine.events().label.tolist()
        assert other.events().start_s.tolist() == mine.events().start_s.tolist()


def test_plain_leaves_out_what_only_hitscope_reads(folder, tmp_path, run):
    status, _, err = run("annotations", "export", folder, 1, tmp_path / "beats.edf", "--plain")
    assert (status, err) == (0, "")
    assert b"hitscope" not in (tmp_path / "beats.edf").read_bytes()
    assert len(read_annotations(tmp_path / "beats.edf")) == 2955


def test_files_are_replaced_only_with_replace(folder, tmp_path, run):
    target = tmp_path / "marks.csv"
    target.write_text("my own notes")
    for command in (
        ("annotations", "export", folder, 1, target, "--kind", "beat"),
        ("annotations", "convert", resources.path("demo/208.atr"), target),
    ):
        status, out, err = run(*command)
        assert (status, out) == (1, "")
        assert "--replace" in err
        assert target.read_text() == "my own notes"
        assert run(*command, "--replace")[0] == 0
        assert len(read_annotations(target)) > 2000
        target.write_text("my own notes")


def test_bad_files_and_numbers_are_named(folder, tmp_path, run):
    (tmp_path / "bad.csv").write_text("onset,text\n1,a\nsoon,b\n")
    for command, what in (
        (("import", folder, 1, tmp_path / "bad.csv"), "bad.csv: row 3: onset is no time"),
        (("import", folder, 7, tmp_path / "bad.csv"), "there is no recording 7"),
        (("import", folder, 1, tmp_path / "none.csv"), "there is no such file"),
        (("export", folder, 7, tmp_path / "x.csv"), "there is no recording 7"),
        (("export", folder, 1, tmp_path / "x.csv", "--kind", "hits"), "no events of 208 to export"),
        (("export", folder, 1, tmp_path / "x.docx"), "Say the format"),
    ):
        status, _, err = run("annotations", *command)
        assert status == 1, command
        assert what in err
        assert "Traceback" not in err
    assert not (tmp_path / "x.csv").exists()


def test_a_conversion_keeps_the_sampling_rate_of_its_recording(tmp_path, run):
    import wfdb

    run(
        *("annotations", "convert", resources.path("demo/208.atr"), tmp_path / "x.atr"),
        "--recording",
        resources.path("demo/208.hea"),
    )
    assert wfdb.rdann(str(tmp_path / "x"), "atr").fs == 360
    status, _, _ = run("annotations", "convert", tmp_path / "x.atr", tmp_path / "y.txt", "--to", "bids")
    assert status == 0
    assert (tmp_path / "y.json").is_file()
    assert read_annotations(tmp_path / "y.txt", "bids") == read_annotations(resources.path("demo/208.atr"))


def test_signals_are_never_replaced(folder, tmp_path, run):
    """Neither recordings that no study knows, nor those that cannot be read whole, nor parts of the one given."""
    edf = shutil.copyfile(resources.path("demo/S001R04.edf"), tmp_path / "a.edf")
    cut = tmp_path / "cut.edf"
    cut.write_bytes(edf.read_bytes()[:100_000])
    table = tmp_path / "t.csv"
    table.write_text("a,b\n" + "1.5,2\n" * 20)
    flac = {name: shutil.copyfile(SMALL / name, tmp_path / name) for name in FLAC}
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    marks = resources.path("demo/208.atr")
    for command, what in (
        (("export", folder, 1, edf), "holds a recorded signal"),
        (("export", folder, 1, cut), "holds a recorded signal"),
        (("convert", marks, edf), "holds a recorded signal"),
        (("convert", marks, table), "holds a recorded signal"),
        (("convert", edf, edf), "holds a recorded signal"),
        (("convert", marks, flac["flacformats.d1"], "--to", "wfdb", "--recording", flac["flacformats.hea"]),
         "is a file of the recording flacformats"),
    ):  # fmt: skip
        status, _, err = run("annotations", *command, "--replace")
        assert (status, what in err) == (1, True), (command, err)
    assert {file: file.read_bytes() for file in before} == before


def test_annotations_are_replaced_in_every_format(folder, tmp_path, run):
    for name in ("b.edf", "b.atr", "b_events.tsv", "b.csv", "b.txt"):
        for more in ((), ("--replace",)):
            status, _, err = run("annotations", "export", folder, 1, tmp_path / name, *more)
            assert (status, err) == (0, "")
