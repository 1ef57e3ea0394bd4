-- What users/users.db is made of: seed.py
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT);
INSERT INTO users (id, name, email) VALUES
    (123, 'Ada Lovelace', 'ada@example.com'),
    (124, 'Alan Turing', 'alan@example.com'),
    (125, 'Grace Hopper', 'grace@example.com');
