"""The same deliveries in any order, doubled, lost and sent again: the end is the same."""
