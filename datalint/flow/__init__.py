"""What a file's tensors share, what autograd saves of them, and what is written afterwards."""
