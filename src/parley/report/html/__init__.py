"""The HTML report: data classes first (index, case, matrix), templates second, one writer."""
