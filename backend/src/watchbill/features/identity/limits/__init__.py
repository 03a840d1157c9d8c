"""How much anybody may ask for: requests, guesses, mails, places and turns."""
