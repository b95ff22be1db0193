"""The language of outgoing webhooks (Standard Webhooks): endpoints, their secrets, deliveries and the tries of each."""
