"""Files of arrays: 20 s of a real ECG (MIT-BIH 208) as programs commonly save it, and what others read back."""

import h5py
import numpy as np
import scipy.io
import wfdb

import resources

FS, N = 360, 7200
NAMES = ["MLII", "V1"]


def ecg():
    """Return (2, n_times), mV."""
    return wfdb.rdrecord(str(resources.path("demo/208")), sampto=N).p_signal.T.copy()


def make_hdf5(folder):
    with h5py.File(folder / "a.h5", "w") as file:
        group = file.create_group("recordings/first")
        group.attrs["sampling_rate"] = FS
        data = group.create_dataset("ecg", data=ecg().T, chunks=(1000, 2), compression="gzip")
        data.attrs["units"] = "mV"
        group["channels"] = NAMES


def make_npy(folder):
    np.save(folder / "a.npy", np.ascontiguousarray(ecg().T))


def make_npz(folder):
    np.savez(folder / "a.npz", data=ecg(), sf=FS, chan=NAMES, unit="mV")


def make_packed(folder):
    np.savez_compressed(folder / "p.npz", data=ecg(), sf=FS, chan=NAMES, unit="mV")


def make_mat(folder):
    names = np.array(NAMES, dtype=object)
    scipy.io.savemat(
        folder / "a.mat", {"val": ecg().astype(np.float32), "info": {"fs": FS, "labels": names}}, do_compression=True
    )


def make_mat_hdf5(folder):
    """MATLAB 7.3 is HDF5 behind 512 bytes, with the axes the other way round and texts as codes."""
    with h5py.File(folder / "h.mat", "w", userblock_size=512) as file:
        _matlab(file, "val", ecg().T, "double")
        _matlab(file, "Fs", np.array([[float(FS)]]), "double")
        cells = [
            _matlab(file, f"#refs#/{name}", np.array([[ord(c)] for c in name], np.uint16), "char") for name in NAMES
        ]
        _matlab(file, "labels", np.array([[cell.ref for cell in cells]], dtype=h5py.ref_dtype), "cell")
    with (folder / "h.mat").open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def _matlab(file, name, values, kind):
    made = file.create_dataset(name, data=values)
    made.attrs["MATLAB_class"] = np.bytes_(kind)
    return made


def make_csv(folder):
    """Its comment is so long that where the suite cuts the file, a row lacks cells: text shows no other cut."""
    rows = [f"{n / FS:.6f},{a:.3f},{b:.3f}" for n, (a, b) in enumerate(ecg().T)]
    (folder / "a.csv").write_text("\n".join(["# recorded today", "time (s),MLII (mV),V1 (mV)", *rows]) + "\n")


def from_hdf5(path):
    with h5py.File(path) as file:
        return (file["recordings/first/ecg"] if "recordings" in file else file["val"])[:].T


def from_numpy(path):
    return np.load(path).T if path.suffix == ".npy" else np.load(path)["data"]


def from_scipy(path):
    return scipy.io.loadmat(path)["val"]


def from_text(path):
    return np.loadtxt(path, delimiter=",", skiprows=2)[:, 1:].T
