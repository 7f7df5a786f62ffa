"""How a copy of each format leaves out what tells who the person is."""
