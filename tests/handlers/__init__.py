"""Tests of what people see in the chat."""
