"""What readers take and give: the options of reading, and trains as a file has them."""
