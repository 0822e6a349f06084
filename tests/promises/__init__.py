"""One test for each promise that could be broken quietly."""
