"""What datalint takes of time and memory: each module is a program that measures and prints."""
