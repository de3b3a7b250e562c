"""Law as dated, cited, executable rules: parameters in data, formulas in ordinary Python."""
