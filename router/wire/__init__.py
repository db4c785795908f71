"""What travels: typed requests and replies, named problems, codec, route table, OpenAPI."""
