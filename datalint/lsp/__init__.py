"""The language server: what an editor has open, judged as it is typed."""
