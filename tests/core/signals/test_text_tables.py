"""Text tables: how they are written, the times in them, and reading a part."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.errors import InputError, TruncatedError
from core.signals import MappingNeeded, open_recording
from core.signals.readers import text_table

REAL = Path(__file__).parents[2] / "data" / "recordings" / "E10_1.txt"
RNG = np.random.default_rng(0)


@pytest.fixture
def table(tmp_path):
    def write(text, name="a.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return write


def rows(values, delimiter=",", comma=False, step=None):
    lines = []
    for n, row in enumerate(values):
        cells = [f"{v:.4f}" for v in row]
        cells = ([f"{n * step:.4f}"] if step else []) + cells
        lines.append(delimiter.join(cell.replace(".", ",") if comma else cell for cell in cells))
    return "\n".join(lines) + "\n"


def test_one_value_a_line(capsys):
    with pytest.raises(MappingNeeded, match="sampling rate"):
        open_recording(REAL)
    recording = open_recording(REAL, fs=173.61, unit="µV", kind="eeg")
    assert [(c.n_samples, c.unit, c.kind) for c in recording.channels] == [(4097, "µV", "eeg")]
    np.testing.assert_array_equal(recording.read(0, 0, 4097), np.loadtxt(REAL))
    assert main(["info", str(REAL), "--reader", "fs=173.61", "--reader", "names=T3", "--json"]) == 0
    assert '"fs_hz": 173.61' in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("delimiter", "comma"),
    [(",", False), (";", False), (";", True), ("\t", True), ("\t", False), ("|", False), (" ", True)],
)
def test_every_way_of_writing(table, delimiter, comma, ending):
    x = np.round(RNG.normal(size=(300, 3)), 4)
    head = delimiter.join(["time", "ECG", "Resp", "Fz"])
    path = table((head + "\n" + rows(x, delimiter, comma, step=0.005)).replace("\n", ending))
    recording = open_recording(path)
    assert [c.name for c in recording.channels] == ["ECG", "Resp", "Fz"]
    assert set(recording.fs) == {200.0}
    np.testing.assert_array_equal([recording.read(n, 0, 300) for n in range(3)], x.T)


def test_comments_units_and_what_they_state(table):
    x = np.round(RNG.normal(size=(100, 2)), 4)
    text = "%OpenBCI Raw EXG Data\n%Sample Rate = 0.25 kHz\nsample,Fp1 (uV),note,ECG [mV]\n"
    body = [f"{n},{a:.4f},ok,{b:.4f}" for n, (a, b) in enumerate(x)]
    body[50:50] = ["# electrode off", "", "#back"]
    recording = open_recording(table(text + "\n".join(body) + "\n"))
    assert [(c.name, c.unit, c.kind, c.fs) for c in recording.channels] == [
        ("Fp1", "µV", "eeg", 250.0),
        ("ECG", "mV", "ecg", 250.0),
    ]
    np.testing.assert_array_equal(recording.read("ECG", 40, 60), x[40:60, 1])


@pytest.mark.parametrize("line", ["# recorded to{}d", "{}(x", '"a{}b",c(', "1{}x,2"])
@pytest.mark.parametrize("filler", [" ", "1", "_", "a ", "-"])
def test_long_lines_of_one_character_are_gone_through(table, line, filler):
    """Found by the fuzz: patterns tried every way to part 40,000 blanks."""
    path = table(line.format(filler * 20_000) + "\n" + rows(RNG.normal(size=(50, 2))), name="a.csv")
    with pytest.raises((MappingNeeded, InputError)):
        open_recording(path)


def test_names_and_units_in_two_rows(table):
    text = "time,MLII,V1\ns,mV,mV\n" + rows(RNG.normal(size=(50, 2)), step=0.01)
    assert [(c.name, c.unit) for c in open_recording(table(text)).channels] == [("MLII", "mV"), ("V1", "mV")]


@pytest.mark.parametrize(("fs", "digits"), [(360, 3), (128, 6), (173.61, 9), (4385, 7), (0.5, 0)])
def test_the_rate_behind_rounded_times(table, fs, digits):
    text = "time,x\n" + "".join(f"{n / fs:.{digits}f},{n % 7}\n" for n in range(5000))
    recording = open_recording(table(text))
    assert recording.fs == (fs,)
    assert (recording.channels[0].n_samples, recording.gaps) == (5000, ())


@pytest.mark.parametrize(("head", "factor"), [("time_ms", 1e3), ("Time (ms)", 1e3), ("timestamp [us]", 1e6), ("t", 1)])
def test_times_in_other_units_and_from_another_zero(table, head, factor):
    text = f"{head},x\n" + "".join(f"{(1600000 + n / 250) * factor:.4f},{n}\n" for n in range(300))
    assert open_recording(table(text)).fs == (250.0,)


def test_times_without_a_name(table):
    recording = open_recording(table(rows(RNG.normal(size=(300, 2)), step=0.004)))
    assert (recording.fs[0], len(recording.channels)) == (250.0, 2)


def test_missing_rows_are_gaps(table):
    kept = np.r_[0:100, 103:104, 500:2000]
    text = "time,x\n" + "".join(f"{n / 500:.3f},{n}\n" for n in kept)
    recording = open_recording(table(text))
    assert recording.gaps == ((0.2, 0.206), (0.208, 1.0))
    got = recording.read(0, 0, 2000)
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(got)), kept)
    np.testing.assert_array_equal(got[kept], kept)


@pytest.mark.parametrize("bad", ["0.500", "0.9307", "0.9", "1e12", ""])
def test_times_that_keep_no_rate_are_refused_with_a_way_out(table, bad):
    lines = [f"{n / 100:.4f},{n}" for n in range(200)]
    lines[93] = f"{bad},93"
    path = table("time,x\n" + "\n".join(lines) + "\n")
    with pytest.raises(InputError, match=r"no constant rate: row 9[45].*--reader fs="):
        open_recording(path)
    assert open_recording(path, fs=100).channels[0].n_samples == 200


@pytest.mark.parametrize("text", ["time,a\n0,1\n", "t (s);a\n0;1", "2020-01-01 00:00:00,5\n"])
def test_one_row_with_its_time_gives_no_rate(tmp_path, text):
    (tmp_path / "one.csv").write_text(text)
    with pytest.raises(InputError, match=r"states the time of a single sample, which gives no sampling rate\. Choose"):
        open_recording(tmp_path / "one.csv")
    recording = open_recording(tmp_path / "one.csv", fs=100)
    assert recording.channels[-1].n_samples == 1


def test_empty_cells_are_nan_and_words_are_damage(table):
    lines = [f"{n},{n}" for n in range(400)]
    lines[7], lines[9] = "7,", "9,NaN"
    got = open_recording(table("a,b\n" + "\n".join(lines)), fs=10).read("b", 0, 400)
    assert np.flatnonzero(np.isnan(got)).tolist() == [7, 9]
    lines[200:] = [line.replace("300", "3oo") for line in lines[200:]]
    lines += [f"{n},{n}" for n in range(60_000)]
    damaged = open_recording(table("a,b\n" + "\n".join(lines)), fs=10)
    with pytest.raises(InputError, match="3oo"):
        damaged.read("b", 290, 310)
    assert damaged.read("b", 60_000, 60_002).tolist() == [59600, 59601]


def test_a_table_wider_than_long_is_asked_about(table):
    beats = np.round(RNG.normal(size=(20, 187)), 4)
    path = table(rows(beats))
    with pytest.raises(MappingNeeded) as caught:
        open_recording(path, fs=125)
    assert caught.value.missing == ("axis",)
    np.testing.assert_array_equal(open_recording(path, fs=125, axis=1, item=3).read(0, 5, 50), beats[3, 5:50])
    assert len(open_recording(path, fs=125, axis=0).channels) == 187


def test_only_the_rows_asked_for_are_parsed(table, monkeypatch):
    x = np.arange(120_000).reshape(-1, 2)
    path = table("a;b\n" + "".join(f"{a};{b}\n" for a, b in x))
    recording = open_recording(path, fs=100)
    parsed, parse = [], text_table.Dialect.parse

    def counted(self, text, columns):
        parsed.append(len(text))
        return parse(self, text, columns)

    monkeypatch.setattr(text_table.Dialect, "parse", counted)
    for start in (0, 30_000, 59_990):
        for channel in (0, 1):
            got = recording.read(channel, start, start + 10)
            np.testing.assert_array_equal(got, x[start : start + 10, channel])
    assert len(parsed) == 3
    assert max(parsed) < 2 * text_table.BLOCK
    np.testing.assert_array_equal(recording.read(1, 0, 60_000), x[:, 1])


def test_a_file_that_changes_is_read_anew(table):
    path = table("a\n" + "".join(f"{n}\n" for n in range(500)))
    assert open_recording(path, fs=1).read(0, 3, 4).tolist() == [3]
    table("a\n" + "".join(f"{-n}.\n" for n in range(500)))
    assert open_recording(path, fs=1).read(0, 3, 4).tolist() == [-3]


def test_a_row_that_was_cut(table):
    path = table("time,a,b\n" + "".join(f"{n / 10:.1f},{n}.5,1\n" for n in range(100)) + "10.0,5")
    with pytest.raises(TruncatedError, match="100 of its 101 rows"):
        open_recording(path)
    assert open_recording(path, allow_truncated=True).channels[0].n_samples == 100


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_encodings(table, encoding):
    text = "Zeit;Fz (µV)\n" + "".join(f"{n};{n}\n" for n in range(50))
    assert open_recording(table(text, encoding=encoding), fs=1).channels[1].unit == "µV"


@pytest.mark.parametrize("text", ["", "only\nwords\n", "\x00\x01\x02" * 50, "\n\n\n", "a,b\n"])
def test_what_is_no_table(table, text):
    with pytest.raises(InputError) as caught:
        open_recording(table(text), fs=1)
    assert caught.value.remedy


def test_one_value_a_line_with_a_decimal_comma(table):
    x = np.round(RNG.normal(size=300), 2)
    recording = open_recording(table("".join(f"{v:.2f}\n".replace(".", ",") for v in x)), fs=10)
    np.testing.assert_array_equal(recording.read(0, 0, 300), x)


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("%Y-%m-%d %H:%M:%S.%f", datetime(2024, 2, 29, 23, 59, 58)),
        ("%Y/%m/%dT%H:%M:%S.%fZ", datetime(2024, 2, 29, 23, 59, 58)),
        ("'%M:%S.%f'", None),
    ],
)
def test_dates_and_times_of_day(table, form, start):
    begin = datetime(2024, 2, 29, 23, 59, 58) if start else datetime(2024, 1, 1)
    kept = np.r_[0:500, 600:1500]
    lines = [f"{(begin + timedelta(milliseconds=8 * int(n))).strftime(form)},{n},ok" for n in kept]
    recording = open_recording(table("Timestamp,x,state\n" + "\n".join(lines) + "\n"))
    assert ([c.name for c in recording.channels], recording.fs, recording.start_time) == (["x"], (125.0,), start)
    assert recording.gaps == ((4.0, 4.8),)


UNCLEAR = {"\t": ["1,234\t10,500", "2,345\t-9,250"], ";": ["1,234;5", "1,235;6"], "|": ["1,5|2.5", "1,6|2.6"]}


@pytest.mark.parametrize("delimiter", UNCLEAR)
def test_a_comma_that_may_part_thousands_is_asked_for(table, delimiter, capsys):
    path = table("\n".join(["a" + delimiter + "b"] + UNCLEAR[delimiter] * 20) + "\n")
    first = UNCLEAR[delimiter][0].split(delimiter)
    with pytest.raises(InputError, match="decimal sign or parts thousands") as caught:
        open_recording(path, fs=10)
    assert "decimal=comma" in caught.value.remedy
    if delimiter == "|":  # 1,5 has no thousands: only decimal=comma can be meant
        return
    for said, by in (("comma", "."), ("point", "")):
        recording = open_recording(path, fs=10, decimal=said)
        found = [recording.read(n, 0, 1)[0] for n in (0, 1)]
        assert found == [float(cell.replace(",", by)) for cell in first]
        assert recording.options == {"fs": 10, "decimal": said}
    assert main(["info", str(path), "--reader", "fs=10", "--reader", "decimal=comma"]) == 0
    capsys.readouterr()
    assert main(["info", str(path), "--reader", "fs=10", "--reader", "decimal=dot"]) == 1
    assert "decimal" in capsys.readouterr().err


@pytest.mark.parametrize("telling", ["0,125", "1234,567", "12,25", ",500", "1,5e3"])
def test_one_number_that_cannot_be_thousands_tells(table, telling):
    path = table("\n".join(["a\tb"] + ["1,234\t2,345"] * 5 + [f"1,234\t{telling}"]) + "\n")
    recording = open_recording(path, fs=10)
    assert recording.read(1, 0, 6).tolist() == [2.345] * 5 + [float(telling.replace(",", "."))]
