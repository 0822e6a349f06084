"""A lean Bot API server with people in front of it, in a process of its own. It knows nothing of the bot it loads."""
