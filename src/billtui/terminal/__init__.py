"""What the terminal can do, and leaving it as it was found. A leaf: it imports nothing else of billtui."""
