"""Who an EDF header speaks of: the fields of EDF+ 2.1.3.3 (Kemp and Olivan 2003), and the free text that EDF has there."""

from __future__ import annotations

import re

from core.signals.readers.encoding import encoding_of

PATIENT, RECORDING = slice(8, 88), slice(88, 168)  # bytes of the fixed header
NOT_SAID = ("", "X")
PATIENT_FIELDS = ("patient code", "sex", "date of birth", "patient name")
RECORDING_FIELDS = ("recording identification", "technician")
# Old files are often written so without calling themselves EDF+.
PATIENT_LIKE_PLUS = re.compile(r"\S+ [MFX] (X|\d{1,2}-\w{3}-\d{4}) \S+")
RECORDING_LIKE_PLUS = re.compile(r"Startdate (?:X|\d{1,2}-\w{3}-\d{4})(?: (.*))?$")


def identifying(fixed: bytes) -> dict[str, str]:
    """Return what the first 256 bytes of a header say of persons, by field; what is left out or ``X`` is not there.

    EDF+ writes underscores for the spaces inside a field; they are spaces here. Free text that is not of EDF+ is given
    whole, as ``patient`` and ``recording``.
    """
    patient, recording = (_text(fixed[field]) for field in (PATIENT, RECORDING))
    said: dict[str, str] = {}
    if PATIENT_LIKE_PLUS.match(patient):
        fields = patient.split()
        said.update(zip(PATIENT_FIELDS, fields, strict=False))
        said["further patient fields"] = " ".join(f for f in fields[len(PATIENT_FIELDS) :] if f not in NOT_SAID)
    elif set(patient.split()) != {"X"}:
        said["patient"] = patient
    plus = RECORDING_LIKE_PLUS.match(recording)
    if plus is not None:
        said.update(zip(RECORDING_FIELDS, (plus[1] or "").split(), strict=False))
    else:
        said["recording"] = recording
    return {field: value.replace("_", " ") for field, value in said.items() if value not in NOT_SAID}


def _text(raw: bytes) -> str:
    return raw.decode(encoding_of(raw)).strip(" \0")
