"""Sending to addresses that other people name: `sender.py`. It reaches the public internet and nothing else."""
