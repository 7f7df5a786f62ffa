"""Annotation symbols of WFDB and their grouping into the five AAMI classes (ANSI/AAMI EC57)."""

AAMI = {
    **dict.fromkeys("NLRej", "N"),
    **dict.fromkeys("AaJS", "S"),
    **dict.fromkeys("VE", "V"),
    **dict.fromkeys("F", "F"),
    **dict.fromkeys("/fQ", "Q"),
}
# Every symbol that marks a beat; the others mark rhythm, noise or comments.
BEAT_SYMBOLS = frozenset("NLRBAaJSVrFejnE/fQ?")
MAPPINGS: dict[str, dict[str, str]] = {"aami": AAMI}
