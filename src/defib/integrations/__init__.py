"""What a framework's own callback calls: it watches one training and says at its end what was found."""
