"""Dead letters: inspect, save, redrive, resend after editing, delete."""
