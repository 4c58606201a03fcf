// The tables of a cluster's store, and how an older store is brought up to date.

import { ClusterError } from '../../errors.js';
import type { Sql, SqlDatabase } from './database.js';

/**
 * The first `version` of them have been applied. One that was released is never changed. Texts are compared by their
 * bytes (COLLATE "C"), as SQLite does, whatever the database's own order.
 */
const migrations: readonly string[] = [
  `
  -- Tells this store from others whose jobs may wait on the same Redis.
  CREATE TABLE facededup.store (
    id integer PRIMARY KEY CHECK (id = 1),
    token text NOT NULL,
    -- Where the faces of contents are encrypted, as lib/store/faces_cipher.ts does it.
    salt bytea,
    key_check bytea
  );
  INSERT INTO facededup.store (id, token) VALUES (1, substr(md5(random()::text || clock_timestamp()::text), 1, 12));

  CREATE TABLE facededup.sets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- The run with which its photos began to be compared in this way: see known_pairs.ts.
    epoch bigint,
    epoch_policy text,
    epoch_threshold double precision
  );

  CREATE TABLE facededup.origins (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text COLLATE "C" NOT NULL UNIQUE,
    origin text NOT NULL
  );

  -- What was found on a content by models and options: kept once, however many photos have that content.
  CREATE TABLE facededup.contents (
    digest text COLLATE "C" NOT NULL,
    origin_id bigint NOT NULL REFERENCES facededup.origins,
    face_count integer NOT NULL,
    -- One after the other, as lib/store/packed_faces.ts has them, with their checksum.
    faces bytea NOT NULL,
    PRIMARY KEY (digest, origin_id)
  );
  -- Encodings do not get shorter, and unpacking would cost time.
  ALTER TABLE facededup.contents ALTER COLUMN faces SET STORAGE EXTERNAL;

  CREATE TABLE facededup.photos (
    -- Another one when the photo's content changes, the same one when it is renamed; never given twice.
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    set_id bigint NOT NULL REFERENCES facededup.sets ON DELETE CASCADE,
    name text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    -- Of the encodings that were wanted last.
    origin_id bigint NOT NULL,
    -- Of the file when it was read: the digest holds while this is the same.
    stamp text,
    reference text COLLATE "C",
    -- Of its set when it was compared with all others of the same, and by which encodings.
    epoch bigint,
    compared_origin bigint,
    UNIQUE (set_id, name),
    FOREIGN KEY (digest, origin_id) REFERENCES facededup.contents (digest, origin_id)
  );
  CREATE INDEX photos_by_digest ON facededup.photos (digest, origin_id);

  -- Near pairs of photos of the set's epoch, whatever people say of them.
  CREATE TABLE facededup.set_pairs (
    set_id bigint NOT NULL REFERENCES facededup.sets ON DELETE CASCADE,
    first_id bigint NOT NULL REFERENCES facededup.photos ON DELETE CASCADE,
    second_id bigint NOT NULL REFERENCES facededup.photos ON DELETE CASCADE,
    distance double precision NOT NULL,
    PRIMARY KEY (set_id, first_id, second_id)
  );
  CREATE INDEX set_pairs_by_first ON facededup.set_pairs (first_id);
  CREATE INDEX set_pairs_by_second ON facededup.set_pairs (second_id);

  -- A log: of those on one pair that were not withdrawn the latest holds.
  CREATE TABLE facededup.decisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    set_id bigint NOT NULL REFERENCES facededup.sets ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('photo', 'reference')),
    first text COLLATE "C" NOT NULL,
    -- By UTF-16 code units the later of the two, which PostgreSQL, going by UTF-8, cannot check.
    second text COLLATE "C" NOT NULL CHECK (first <> second),
    -- Of the photos when it was made: it does not hold for other photos that came in their places.
    first_digest text COLLATE "C",
    second_digest text COLLATE "C",
    verdict text NOT NULL CHECK (verdict IN ('same', 'different', 'unsure')),
    reason text,
    decided_at text NOT NULL,
    withdrawn_at text
  );
  CREATE INDEX decisions_by_pair ON facededup.decisions (set_id, kind, first, second);

  CREATE TABLE facededup.runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    set_id bigint NOT NULL REFERENCES facededup.sets ON DELETE CASCADE,
    -- Drawn by who submitted it, so that submitting it twice makes one run.
    token text NOT NULL UNIQUE,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'failed', 'cancelled')),
    stage text NOT NULL DEFAULT 'list',
    stage_started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    submitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    -- What was asked for: lib/cluster/run_request.ts.
    request text NOT NULL,
    -- Of the first worker: all others must encode alike.
    origin_id bigint REFERENCES facededup.origins,
    -- Why it failed.
    code text,
    message text,
    -- The findings without their pairs and groups.
    facts text
  );
  CREATE UNIQUE INDEX runs_one_at_a_time ON facededup.runs (set_id) WHERE state = 'running';
  CREATE INDEX runs_of_set ON facededup.runs (set_id, id);

  -- What is to be done for a run. Redis hands it out; whether it is done is said here alone.
  CREATE TABLE facededup.run_jobs (
    run_id bigint NOT NULL REFERENCES facededup.runs ON DELETE CASCADE,
    stage text NOT NULL,
    number integer NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'dead')),
    -- Photos, or pairs of faces.
    units bigint NOT NULL DEFAULT 1,
    -- How often it was taken up, less how often it was given back unharmed.
    attempts integer NOT NULL DEFAULT 0,
    worker text,
    done_at timestamptz,
    -- Of the last attempt that failed.
    code text,
    message text,
    PRIMARY KEY (run_id, stage, number)
  );
  CREATE INDEX run_jobs_open ON facededup.run_jobs (run_id, stage, state) WHERE state <> 'done';

  CREATE TABLE facededup.run_references (
    run_id bigint NOT NULL REFERENCES facededup.runs ON DELETE CASCADE,
    photo text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, photo)
  );

  CREATE TABLE facededup.run_photos (
    run_id bigint NOT NULL REFERENCES facededup.runs ON DELETE CASCADE,
    -- In the order in which they were listed; then those of the set that were not.
    position integer NOT NULL,
    -- Of the job that encodes it; null for photos of the set that the run was not told to look at.
    chunk integer,
    name text COLLATE "C" NOT NULL,
    reference text COLLATE "C",
    -- gone: of the set, and no longer in the places named.
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'encoded', 'failed', 'gone')),
    stamp text,
    digest text COLLATE "C",
    origin_id bigint,
    is_new boolean NOT NULL DEFAULT false,
    -- How often it was taken up alone, after a worker did not live to end its job.
    tries integer NOT NULL DEFAULT 0,
    photo_id bigint,
    -- Of those encoded, as the run's policy has it.
    outcome text CHECK (outcome IN ('compared', 'without_face', 'rejected')),
    -- That are compared.
    faces integer,
    -- Whether it has been compared with the other old ones.
    is_old boolean NOT NULL DEFAULT false,
    -- Of those compared, numbered from 0 on: the old ones first, in the order of their positions.
    record integer,
    code text,
    message text,
    PRIMARY KEY (run_id, position)
  );
  CREATE UNIQUE INDEX run_photos_by_name ON facededup.run_photos (run_id, name);
  CREATE INDEX run_photos_by_chunk ON facededup.run_photos (run_id, chunk);
  CREATE INDEX run_photos_by_photo ON facededup.run_photos (run_id, photo_id) WHERE photo_id IS NOT NULL;
  CREATE INDEX run_photos_by_record ON facededup.run_photos (run_id, record) WHERE record IS NOT NULL;

  -- Encodings of a run as columns, for its tiles; gone when it ends.
  CREATE TABLE facededup.run_blocks (
    run_id bigint NOT NULL REFERENCES facededup.runs ON DELETE CASCADE,
    number integer NOT NULL,
    -- How many, in the order of their records.
    photos integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (run_id, number)
  );
  ALTER TABLE facededup.run_blocks ALTER COLUMN data SET STORAGE EXTERNAL;

  -- What the blocks are sketched along.
  CREATE TABLE facededup.run_axes (
    run_id bigint PRIMARY KEY REFERENCES facededup.runs ON DELETE CASCADE,
    data bytea NOT NULL
  );

  CREATE TABLE facededup.run_tiles (
    run_id bigint NOT NULL REFERENCES facededup.runs ON DELETE CASCADE,
    first_block integer NOT NULL,
    second_block integer NOT NULL,
    job integer NOT NULL,
    -- Found in it, by the numbers of photos in their blocks.
    pairs bytea,
    PRIMARY KEY (run_id, first_block, second_block)
  );
  CREATE INDEX run_tiles_by_job ON facededup.run_tiles (run_id, job);

  CREATE TABLE facededup.run_pairs (
    run_id bigint NOT NULL REFERENCES facededup.runs ON DELETE CASCADE,
    -- 0 for the closest.
    position integer NOT NULL,
    -- The photos' ids tell what became of them since; their names are those they had then.
    first_id bigint,
    second_id bigint,
    first text COLLATE "C" NOT NULL,
    second text COLLATE "C" NOT NULL,
    distance double precision NOT NULL,
    -- As in lib/store/schema.ts: two boxes and two references.
    boxes text NOT NULL,
    is_new boolean NOT NULL,
    PRIMARY KEY (run_id, position)
  );

  CREATE TABLE facededup.run_groups (
    run_id bigint NOT NULL REFERENCES facededup.runs ON DELETE CASCADE,
    position integer NOT NULL,
    place integer NOT NULL,
    photo text COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, position, place)
  );

  -- Who has worked lately.
  CREATE TABLE facededup.workers (
    name text PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
  );
  `,
  `
  -- Whoever waits for a run asks how many failed, again and again.
  CREATE INDEX run_photos_failed ON facededup.run_photos (run_id) WHERE state = 'failed';
  `,
  `
  -- Where the photos of the epoch were compared by lists: pairs nearer than this are all known, of others the most.
  ALTER TABLE facededup.sets ADD COLUMN epoch_reach double precision;

  -- Of blocks that are of one list each: which, and of each of their photos its record, as uint32.
  ALTER TABLE facededup.run_blocks ADD COLUMN list integer;
  ALTER TABLE facededup.run_blocks ADD COLUMN records bytea;

  CREATE TABLE facededup.run_lists (
    run_id bigint PRIMARY KEY REFERENCES facededup.runs ON DELETE CASCADE,
    count integer NOT NULL,
    -- Their centres.
    data bytea NOT NULL
  );

  -- Blocks that were handed out before they were full, until those of each list are joined.
  CREATE TABLE facededup.run_fragments (
    run_id bigint NOT NULL REFERENCES facededup.runs ON DELETE CASCADE,
    list integer NOT NULL,
    number integer NOT NULL,
    data bytea NOT NULL,
    records bytea NOT NULL,
    PRIMARY KEY (run_id, list, number)
  );
  ALTER TABLE facededup.run_fragments ALTER COLUMN data SET STORAGE EXTERNAL;
  `,
  `
  -- As in pairs: what became of the photo since.
  ALTER TABLE facededup.run_groups ADD COLUMN photo_id bigint;
  UPDATE facededup.run_groups AS members SET photo_id = sides.id
  FROM (SELECT run_id, first AS name, first_id AS id FROM facededup.run_pairs
    UNION SELECT run_id, second, second_id FROM facededup.run_pairs) AS sides
  WHERE sides.run_id = members.run_id AND sides.name = members.photo;

  -- Positions of pairs that were erased: a pair's rank is its position less those of them before it.
  CREATE TABLE facededup.run_gaps (
    run_id bigint NOT NULL REFERENCES facededup.runs ON DELETE CASCADE,
    position integer NOT NULL,
    PRIMARY KEY (run_id, position)
  );

  CREATE INDEX photos_by_reference ON facededup.photos (set_id, reference) WHERE reference IS NOT NULL;

  -- Told when a run that a server submitted ends.
  ALTER TABLE facededup.sets ADD COLUMN webhook text;

  -- The server's statistics hold samples of values: none of what no query looks for, encodings first of all.
  ALTER TABLE facededup.contents ALTER COLUMN faces TYPE bytea, ALTER COLUMN faces SET STATISTICS 0;
  ALTER TABLE facededup.run_blocks ALTER COLUMN data TYPE bytea, ALTER COLUMN data SET STATISTICS 0;
  ALTER TABLE facededup.run_axes ALTER COLUMN data TYPE bytea, ALTER COLUMN data SET STATISTICS 0;
  ALTER TABLE facededup.run_blocks ALTER COLUMN records SET STATISTICS 0;
  ALTER TABLE facededup.run_fragments ALTER COLUMN data SET STATISTICS 0, ALTER COLUMN records SET STATISTICS 0;
  ALTER TABLE facededup.run_lists ALTER COLUMN data SET STATISTICS 0;
  ALTER TABLE facededup.run_tiles ALTER COLUMN pairs TYPE bytea, ALTER COLUMN pairs SET STATISTICS 0;
  ALTER TABLE facededup.run_pairs ALTER COLUMN boxes TYPE text, ALTER COLUMN boxes SET STATISTICS 0;
  ALTER TABLE facededup.run_photos ALTER COLUMN message TYPE text, ALTER COLUMN message SET STATISTICS 0;
  ALTER TABLE facededup.run_jobs ALTER COLUMN message TYPE text, ALTER COLUMN message SET STATISTICS 0;
  ALTER TABLE facededup.decisions ALTER COLUMN reason TYPE text, ALTER COLUMN reason SET STATISTICS 0;
  ALTER TABLE facededup.runs ALTER COLUMN request TYPE text, ALTER COLUMN request SET STATISTICS 0,
    ALTER COLUMN message TYPE text, ALTER COLUMN message SET STATISTICS 0,
    ALTER COLUMN facts TYPE text, ALTER COLUMN facts SET STATISTICS 0;

  -- A change of the key that is under way: see key_change.ts. Contents up to these, in order, are sealed anew.
  ALTER TABLE facededup.store ADD COLUMN change text CHECK (change IN ('encrypt', 'rekey', 'decrypt')),
    ADD COLUMN next_salt bytea, ADD COLUMN next_key_check bytea,
    ADD COLUMN changed_digest text COLLATE "C", ADD COLUMN changed_origin bigint;
  `,
  `
  -- Its first run writes the epoch of each photo: beside the row, without a new entry in every index.
  ALTER TABLE facededup.photos SET (fillfactor = 50);

  -- Photos that the run was not told to look at are of no job.
  DROP INDEX facededup.run_photos_by_chunk;
  CREATE INDEX run_photos_by_chunk ON facededup.run_photos (run_id, chunk) WHERE chunk IS NOT NULL;

  -- Of a block of photos in a row: where they begin. Its data is made by who needs it first.
  ALTER TABLE facededup.run_blocks ADD COLUMN from_record integer, ALTER COLUMN data DROP NOT NULL;
  `,
  `
  -- Whoever adds photos to a run holds a lock on it already: a look at the run for each of them took a third of the time.
  ALTER TABLE facededup.run_photos DROP CONSTRAINT run_photos_run_id_fkey;
  CREATE FUNCTION facededup.forget_photos_of_runs() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      DELETE FROM facededup.run_photos WHERE run_id IN (SELECT id FROM gone);
      RETURN NULL;
    END $$;
  CREATE TRIGGER runs_without_photos AFTER DELETE ON facededup.runs REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION facededup.forget_photos_of_runs();
  `,
];

/** `FDDP` in ASCII, as the embedded store marks its file: two programs that begin at once wait for each other. */
const advisoryLock = 0x46444450;

/** @throws ClusterError `CLUSTER_STORE_NEWER` */
export async function migrate(database: SqlDatabase): Promise<void> {
  // Who may not make tables can still use those that are there.
  if ((await versionOf(database)) === migrations.length) return;
  await database.transaction(async (sql) => {
    await sql.run('SELECT pg_advisory_xact_lock($1)', [advisoryLock]);
    await sql.run('CREATE SCHEMA IF NOT EXISTS facededup');
    await sql.run(
      `CREATE TABLE IF NOT EXISTS facededup.migrations (
         version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`,
    );
    const version = await versionOf(sql);
    if (version > migrations.length)
      throw new ClusterError(
        'CLUSTER_STORE_NEWER',
        `The store ${database.name} is of version ${version}, and this release knows up to ${migrations.length}: update facededup here.`,
      );
    for (let next = version; next < migrations.length; next++) {
      await sql.run(migrations[next] as string);
      await sql.run('INSERT INTO facededup.migrations (version) VALUES ($1)', [next + 1]);
    }
  });
}

/** 0 where there is none of its tables yet. */
async function versionOf(sql: Sql): Promise<number> {
  const there = await sql.row(`SELECT to_regclass('facededup.migrations') IS NOT NULL AS is_there`);
  if (there?.['is_there'] !== true) return 0;
  const row = await sql.row('SELECT coalesce(max(version), 0) AS version FROM facededup.migrations');
  return Number(row?.['version']);
}
