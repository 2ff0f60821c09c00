"""Protection of data: labels and grades, masking, watermarks, risk of being known again."""
