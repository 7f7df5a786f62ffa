"""A BrainVision recording, 10 s of a real EEG (EEGMMI S001R04), written as the format's public description says."""

import edfio
import numpy as np

import resources

FS, N, N_CHANNELS = 160, 1600, 4
HEADER = """Brain Vision Data Exchange Header File Version 1.0
; written by a test of Hitscope

[Common Infos]
Codepage=UTF-8
DataFile=a.eeg
MarkerFile=a.vmrk
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels={n}
DataPoints={points}
SamplingInterval={interval_us:g}

[Binary Infos]
BinaryFormat=INT_16

[Channel Infos]
{channels}
"""
MARKERS = """Brain Vision Data Exchange Marker File, Version 1.0

[Common Infos]
Codepage=UTF-8
DataFile=a.eeg

[Marker Infos]
Mk1=New Segment,,1,1,0,20240229123456000000
Mk2=Stimulus,S  1,161,32,0
"""


def make_brainvision(folder):
    signals = edfio.read_edf(resources.path("demo/S001R04.edf")).signals[:N_CHANNELS]
    digital = np.stack([np.round(signal.data[:N] / 0.5) for signal in signals], axis=1)
    digital.astype("<i2").tofile(folder / "a.eeg")
    channels = "\n".join(f"Ch{n + 1}={s.label.rstrip('.')},,0.5,µV" for n, s in enumerate(signals))
    header = HEADER.format(n=N_CHANNELS, points=N, interval_us=1e6 / FS, channels=channels)
    (folder / "a.vhdr").write_text(header, encoding="utf-8")
    (folder / "a.vmrk").write_text(MARKERS, encoding="utf-8")
