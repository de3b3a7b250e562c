"""What holds for every input: restatements, order, conservation, monotony."""
