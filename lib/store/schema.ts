// The tables of a face store, and how an older store is brought up to date.

/** Marks the file as ours: `FDDP` in ASCII. */
export const applicationId = 0x46444450;

/** The first `user_version` of them have been applied to a file. One that was released is never changed. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE sets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE origins (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL
  ) STRICT;

  -- What was found on a content by models and options: kept once, however many photos have that content.
  CREATE TABLE contents (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    origin_id INTEGER NOT NULL REFERENCES origins,
    -- One after the other, as lib/store/packed_faces.ts has them.
    faces BLOB NOT NULL,
    UNIQUE (digest, origin_id)
  ) STRICT;

  CREATE TABLE photos (
    -- Another one when the photo's content changes, the same one when it is renamed; never given twice.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    set_id INTEGER NOT NULL REFERENCES sets ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    -- Of the encodings that were wanted last.
    origin_id INTEGER NOT NULL,
    -- Of the file when it was read: the digest holds while this is the same.
    stamp TEXT,
    reference TEXT,
    UNIQUE (set_id, name),
    FOREIGN KEY (digest, origin_id) REFERENCES contents (digest, origin_id)
  ) STRICT;
  CREATE INDEX photos_by_digest ON photos (digest, origin_id);
  CREATE INDEX photos_by_reference ON photos (set_id, reference) WHERE reference IS NOT NULL;

  -- A log: of those on one pair that were not withdrawn the latest holds.
  CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    set_id INTEGER NOT NULL REFERENCES sets ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('photo', 'reference')),
    first TEXT NOT NULL,
    -- By UTF-16 code units the later of the two, which SQLite, going by UTF-8, cannot check.
    second TEXT NOT NULL CHECK (first <> second),
    -- Of the photos when it was made: it does not hold for other photos that came in their places.
    first_digest TEXT,
    second_digest TEXT,
    verdict TEXT NOT NULL CHECK (verdict IN ('same', 'different', 'unsure')),
    reason TEXT,
    decided_at TEXT NOT NULL,
    withdrawn_at TEXT
  ) STRICT;
  CREATE INDEX decisions_by_pair ON decisions (set_id, kind, first, second);

  CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    set_id INTEGER NOT NULL REFERENCES sets ON DELETE CASCADE,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    -- The findings without their pairs, as JSON.
    facts TEXT NOT NULL
  ) STRICT;

  CREATE TABLE run_pairs (
    run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    -- 0 for the closest.
    position INTEGER NOT NULL,
    -- The photos' ids tell what became of them since; their names are those they had then.
    first_id INTEGER,
    second_id INTEGER,
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    distance REAL NOT NULL,
    boxes TEXT NOT NULL,
    is_new INTEGER NOT NULL,
    PRIMARY KEY (run_id, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE run_groups (
    run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    -- Of the group in the run, and of the photo in the group.
    position INTEGER NOT NULL,
    place INTEGER NOT NULL,
    photo_id INTEGER,
    photo TEXT NOT NULL,
    PRIMARY KEY (run_id, position, place)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Told when a run on the set ends.
  ALTER TABLE sets ADD COLUMN webhook TEXT;
  `,
  `
  -- One row where the faces of contents are encrypted, as lib/store/faces_cipher.ts does it; none where they are plain.
  CREATE TABLE encryption (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    salt BLOB NOT NULL,
    key_check BLOB NOT NULL
  ) STRICT;
  `,
  `
  -- Asked for each new photo, as decisions_by_pair is for the other side.
  CREATE INDEX decisions_by_second ON decisions (set_id, kind, second, first);
  `,
];
