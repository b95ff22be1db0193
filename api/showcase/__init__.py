"""What is shown to everybody, made once and shown often: `shelf.py` the catalogue's answers, `views.py` how often it is looked at."""
