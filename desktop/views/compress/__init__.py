"""The Compress room."""
