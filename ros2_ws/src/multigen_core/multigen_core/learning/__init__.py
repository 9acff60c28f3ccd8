"""What training and running a network take, whatever it learns."""
