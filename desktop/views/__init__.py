"""The five rooms. A room never imports another."""
