"""Cordboard: decide which support agent should get which ticket, durable and explained."""
