"""Loss engines: each against the others, against closed forms, and against published figures."""
