"""What the user can do, as data."""
