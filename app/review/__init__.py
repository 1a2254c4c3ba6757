"""What a person must decide or do."""
