"""The queue of HITS candidates: one after the other is shown, heard and decided."""
