"""What keeping the index in step with the catalogue speaks of. What is indexed and asked stands in `search/`."""
