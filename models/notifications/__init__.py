"""The language of notifications: who is told what because of which event, in which words."""
