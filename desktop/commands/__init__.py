"""Undoable edits."""
