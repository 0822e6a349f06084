"""A local Telegram: a Bot API server with a chat page, for trying Postern and for its tests."""
