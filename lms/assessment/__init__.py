"""Assessment: attempts, responses, marking. No acknowledged answer is ever lost."""
