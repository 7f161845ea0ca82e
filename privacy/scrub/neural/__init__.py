"""Models under onnxruntime: the strong mode's sentence encoder, and token classifiers that a user points at.

The only door to ``onnx``, ``onnxruntime``, ``tokenizers`` and ``safetensors`` in the scrubber; they come with the
extra ``strong``. Nothing here reaches a network.
"""
