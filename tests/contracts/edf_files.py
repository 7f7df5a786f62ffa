"""A BDF+D file: the data records of a continuous one, given other times."""

from pathlib import Path

SMALL = Path(__file__).parents[1] / "data" / "recordings"
RECORD_S = 2
ONSETS = (0, 2, 6, 10, 12, 14, 20, 22, 30, 34, 36, 38, 42, 44, 46)
MARKS_BYTES = 3 * 38  # the annotation signal is the last in each record, and holds its time only


def make_gaps(folder, onsets=ONSETS, record_s=RECORD_S):
    """Give the first records these onsets, and say that each lasts so long."""
    data = (SMALL / "pyedflib_datarec_2s.bdf").read_bytes()
    n_header = int(data[184:192])
    head, size = data[:n_header].replace(b"BDF+C", b"BDF+D"), (len(data) - n_header) // len(ONSETS)
    head = head[:236] + f"{len(onsets):<8d}{record_s:<8g}".encode() + head[252:]
    records = [data[n_header + k * size :][: size - MARKS_BYTES] for k in range(len(onsets))]
    times = [f"+{onset:g}\x14\x14\x00".encode().ljust(MARKS_BYTES, b"\0") for onset in onsets]
    (folder / "gaps.bdf").write_bytes(head + b"".join(r + t for r, t in zip(records, times, strict=True)))
