"""The Annotate room."""
