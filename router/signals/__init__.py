"""What a message says before it is routed: language, intent, urgency and sentiment, in microseconds."""
