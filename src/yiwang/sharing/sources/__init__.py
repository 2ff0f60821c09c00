"""Where data lies: declared connections to departments' data, and the tables that Yiwang keeps."""
