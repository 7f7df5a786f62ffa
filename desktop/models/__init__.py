"""Tables of events and runs for Qt."""
