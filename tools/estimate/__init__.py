"""What a stack costs, and what a rate of texts takes."""
