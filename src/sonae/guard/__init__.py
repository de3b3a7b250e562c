"""Between closes, pure: credits judged before they are booked, totals compared, breaks owned."""
