"""Provisioning: brings the real parts the hotline runs on into a cache folder outside the tree.

`python -m infolinia.setup [--tests]` installs; `inventory.find_parts()` tells the rest of the product
where everything is. Only the standard library is used, since this runs before anything else works.
"""
