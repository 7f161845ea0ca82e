"""An autoregressive network over codes, trained by DP-SGD."""
