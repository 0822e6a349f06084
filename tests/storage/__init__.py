"""The store room: what is kept, and how it is sealed."""
