"""What runs in a sealed engine's own environment. It imports nothing of ours but itself; nothing of ours imports it.

``door.run`` starts ``main``; every other module is a runner: ``run(task) -> rows of codes``.
"""
