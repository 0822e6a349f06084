"""The sandbox, driven over HTTP as bots and people drive it."""
