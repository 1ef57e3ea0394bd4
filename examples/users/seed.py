#!/usr/bin/env python3
"""Makes users/users.db from users.sql, for the package of the function; the same bytes each time."""
import os
import sqlite3

here = os.path.dirname(os.path.abspath(__file__))
path = os.path.join(here, "users", "users.db")
draft = path + ".new"

if os.path.exists(draft):
    os.remove(draft)
with open(os.path.join(here, "users.sql"), encoding="utf-8") as script:
    db = sqlite3.connect(draft)
    db.executescript(script.read())
    db.close()
os.replace(draft, path)
