"""The pictures of Review, painted by hand: fast on any page length, and the same on screen, paper and in a file."""
