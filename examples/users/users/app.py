"""GET /users, GET /users/{id}, POST /users: rows of users.db, as JSON.

The package is read-only, on AWS and on Portico.  The first POST of an instance copies the file to
/tmp and works there: that lasts as long as the instance does.  A real app writes to a database.
"""
import json
import os
import shutil
import sqlite3

PACKAGED = os.path.join(os.path.dirname(__file__), os.environ.get("DATABASE", "users.db"))
COPY = "/tmp/users.db"


def connect():
    if os.path.exists(COPY):
        db = sqlite3.connect(COPY)
    else:
        db = sqlite3.connect(f"file:{PACKAGED}?mode=ro&immutable=1", uri=True)
    db.row_factory = sqlite3.Row
    return db


def answer(status, body):
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"},
        "body": json.dumps(body),
    }


def list_users():
    with connect() as db:
        return answer(200, {"users": [dict(row) for row in db.execute("SELECT * FROM users")]})


def read_user(user_id):
    with connect() as db:
        row = db.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()
    return answer(200, dict(row)) if row else answer(404, {"message": f"no user {user_id}"})


def create_user(text):
    try:
        user = json.loads(text or "")
    except ValueError:
        return answer(400, {"message": "the body must be JSON"})
    if not isinstance(user, dict) or not isinstance(user.get("name"), str) or not user["name"]:
        return answer(400, {"message": "name must be a text"})
    if not os.path.exists(COPY):
        shutil.copyfile(PACKAGED, COPY)
    with connect() as db:
        new = db.execute("INSERT INTO users (name, email) VALUES (?, ?)",
                         (user["name"], user.get("email")))
        return answer(201, {"id": new.lastrowid, "name": user["name"], "email": user.get("email")})


def handler(event, context):
    if event["httpMethod"] == "POST":
        return create_user(event["body"])
    if event["resource"] == "/users/{id}":
        return read_user(event["pathParameters"]["id"])
    return list_users()
