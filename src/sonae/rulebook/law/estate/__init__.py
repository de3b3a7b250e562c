"""How failed exchanges paid: claims, set-off, ranks and distributions, as rules over one claim."""
