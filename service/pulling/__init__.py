"""Reading rows from elsewhere as a stream of bytes. Called in a child process only, which dies at its caps.

``postgres`` is the only place that knows libpq, ``s3`` reads objects through pyarrow. Neither stores anything, and no
text of a server, a library or a row is in what they raise.
"""
