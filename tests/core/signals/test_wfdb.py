"""WFDB records in several pieces, of odd formats, and with damaged companions."""

import numpy as np
import pytest
import wfdb

from core.errors import InputError
from core.signals import content_hash, open_recording


@pytest.fixture
def pieces(tmp_path):
    """A record of three segments, of which the second lacks a channel and a pause follows it."""
    rng = np.random.default_rng(0)
    parts = [rng.integers(-500, 500, (n, 2)) for n in (300, 200, 100)]
    for number, (part, names) in enumerate(zip(parts, (["I", "II"], ["II"], ["I", "II"]), strict=True), 1):
        n = len(names)
        wfdb.wrsamp(
            f"s_{number}",
            fs=50,
            units=["mV"] * n,
            sig_name=names,
            d_signal=part[:, -n:],
            fmt=["16"] * n,
            adc_gain=[100.0] * n,
            baseline=[0] * n,
            write_dir=str(tmp_path),
        )
    (tmp_path / "s_layout.hea").write_text("s_layout 2 50 0\n~ 0 100/mV 0 0 0 0 0 I\n~ 0 100/mV 0 0 0 0 0 II\n")
    (tmp_path / "s.hea").write_text("s/5 2 50 650\ns_layout 0\ns_1 300\ns_2 200\n~ 50\ns_3 100\n")
    expected = np.full((650, 2), np.nan)
    expected[:300], expected[300:500, 1], expected[550:] = parts[0], parts[1][:, 1], parts[2]
    return tmp_path / "s.hea", expected / 100


def test_segments_follow_each_other_and_gaps_are_nan(pieces):
    path, expected = pieces
    recording = open_recording(path)
    assert [(c.name, c.n_samples) for c in recording.channels] == [("I", 650), ("II", 650)]
    for start, stop in [(0, 650), (290, 310), (480, 560), (505, 545), (649, 650), (0, 1)]:
        for channel in (0, 1):
            np.testing.assert_allclose(recording.read(channel, start, stop), expected[start:stop, channel], atol=1e-12)


def test_all_segments_count_in_the_hash_and_must_be_there(pieces):
    path, _ = pieces
    before = content_hash(path)
    header = path.with_name("s_3.hea")
    header.write_text(header.read_text() + "# corrected\n")
    assert content_hash(path) != before
    path.with_name("s_2.dat").unlink()
    with pytest.raises(InputError, match=r"s_2\.dat is missing"):
        open_recording(path)


def test_invalid_samples_are_nan_and_an_annotator_must_be_there(tmp_path):
    (tmp_path / "r.hea").write_text("# made by hand\n\nr 1 100 4\nr.dat 16 1/mV 16 0 0 0 0 x\n")
    (tmp_path / "r.dat").write_bytes(np.array([1, 2, 3, -32768], "<i2").tobytes())
    recording = open_recording(tmp_path / "r")
    np.testing.assert_array_equal(recording.read("x", 0, 4), [1, 2, 3, np.nan])
    with pytest.raises(InputError, match="no such annotation file"):
        open_recording(tmp_path / "r", annotator="qrs")


def test_annotations_of_a_named_annotator(tmp_path):
    (tmp_path / "r.hea").write_text("r 1 100 4\nr.dat 16 1/mV 16 0 0 0 0 x\n")
    (tmp_path / "r.dat").write_bytes(bytes(8))
    wfdb.wrann("r", "qrs", np.array([1, 3]), ["N", "+"], aux_note=["", "(AFIB"], write_dir=str(tmp_path))
    recording = open_recording(tmp_path / "r.dat", annotator="qrs")
    assert [(a.onset_s, a.text, dict(a.attributes)) for a in recording.annotations] == [
        (0.01, "N", {}),
        (0.03, "+", {"aux": "(AFIB"}),
    ]
    assert recording.options == {"annotator": "qrs"}
    assert open_recording(tmp_path / "r").annotations == ()


def test_damaged_annotations_are_named(tmp_path):
    (tmp_path / "r.hea").write_text("r 1 100 4\nr.dat 16 1/mV 16 0 0 0 0 x\n")
    (tmp_path / "r.dat").write_bytes(bytes(8))
    (tmp_path / "r.atr").write_bytes(b"\x01\xec\xff")
    with pytest.raises(InputError, match=r"r\.atr.*annotations cannot be read"):
        open_recording(tmp_path / "r.hea")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("r 1 100 4\nr.dat 17 1/mV 16 0 0 0 0 x\n", "no WFDB storage format 17.*212"),
        ("r 1 100 4\nr.dat 508 1/mV 8 0 0 0 0 x\n", "after 0 of its 4 samples"),
        ("r 2 100 2\nr.dat 16 1/mV 16 0 0 0 0 x\nr.dat 80 1/mV 16 0 0 0 0 y\n", "several formats"),
        ("r 1 0 4\nr.dat 16 1/mV 16 0 0 0 0 x\n", "no sampling rate"),
        ("r 1 100 4\nr.dat sixteen 1/mV\n", "the signal line 'r.dat sixteen"),
        ("r/1 1 100 4\nr 4\n", "segments of its own"),
        ("r 1 100 5\nr.dat 16 1/mV 16 0 0 0 0 x\n", "after 4 of its 5 samples"),
        ("r 2 100 4\nr.dat 16 1/mV 16 0 0 0 0 x\n", "states 2 channels and describes 1"),
        ("\n" * 4000, "not a WFDB header"),
        ("r 0 100 4\n", "empty"),
    ],
)
def test_headers_that_cannot_be_used(tmp_path, header, message):
    (tmp_path / "r.hea").write_text(header)
    (tmp_path / "r.dat").write_bytes(bytes(8))
    with pytest.raises(InputError, match=message):
        open_recording(tmp_path / "r.hea")


def test_an_annotation_code_without_a_symbol_keeps_its_number(tmp_path):
    (tmp_path / "r.hea").write_text("r 1 100 4\nr.dat 16 1/mV 16 0 0 0 0 x\n")
    (tmp_path / "r.dat").write_bytes(bytes(8))
    words = [1 << 10 | 1, 45 << 10 | 2, 0]  # N at sample 1, code 45 two samples later, end
    (tmp_path / "r.atr").write_bytes(np.array(words, "<u2").tobytes())
    marks = open_recording(tmp_path / "r.hea").annotations
    assert [(m.onset_s, m.text) for m in marks] == [(0.01, "N"), (0.03, "[45]")]


@pytest.mark.parametrize(
    "name", ["../secret.dat", "{folder}/secret.dat", "in/../../secret.dat", "..\\secret.dat", "C:secret.dat"]
)
def test_a_header_names_nothing_outside_its_folder(tmp_path, name):
    folder = tmp_path / "record"
    (folder / "in").mkdir(parents=True)
    secret = tmp_path / "secret.dat"
    secret.write_bytes(bytes(8))
    (tmp_path / "secret.hea").write_text("secret 1 100 4\nsecret.dat 16 1/mV 16 0 0 0 0 x\n")
    name = name.format(folder=tmp_path)
    (folder / "r.hea").write_text(f"r 1 100 4\n{name} 16 1/mV 16 0 0 0 0 x\n")
    (folder / "m.hea").write_text(f"m/1 1 100 4\n{name.removesuffix('.dat')} 4\n")
    for header in ("r.hea", "m.hea"):
        for use in (open_recording, content_hash):
            with pytest.raises(InputError, match="outside its folder") as caught:
                use(folder / header)
            assert caught.value.subject == str(folder / header)


def test_samples_and_segments_may_lie_in_folders_of_the_record_and_behind_links(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "key").write_bytes(np.arange(4, dtype="<i2").tobytes())  # as DataLad keeps them
    folder = tmp_path / "record"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "s..1.dat").symlink_to("../../store/key")
    (folder / "in" / "s.hea").write_text("s 1 100 4\ns..1.dat 16 1/mV 16 0 0 0 0 x\n")
    (folder / "m.hea").write_text("m/1 1 100 4\nin/s 4\n")
    (folder / "r.hea").write_text("r 1 100 4\nin/s..1.dat 16 1/mV 16 0 0 0 0 x\n")
    for header in ("m.hea", "r.hea"):
        np.testing.assert_array_equal(open_recording(folder / header).read(0, 0, 4), np.arange(4))
        assert content_hash(folder / header)
