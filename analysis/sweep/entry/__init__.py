"""What a model and a measure must say to take part in a sweep."""
