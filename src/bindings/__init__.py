"""The platform's side of `ports`: the only package that imports `js`, `pyodide` or `workers`.

`failures` turns the text of JavaScript exceptions into our errors, and is the only place that knows those texts.
"""
