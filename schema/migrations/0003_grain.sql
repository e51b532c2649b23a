-- Derived rows that cost less to write (docs/decisions/0010). What is derived has to be made again:
-- assay rebuild, which aggregators ask for.

-- By which version of the meaning and of the rows the derived rows were made. None: nothing has
-- been derived yet. consumers/store compares it with its own and refuses to go on with another's.
CREATE TABLE record.derivation (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL
);

-- Steps of (service, environment, standard) in two parts. What is no count (membership, posture,
-- certificate) is a step function as in timeline; of several rows that speak of one (standard, at)
-- the one with the greatest seq counts. Counts are told as what is added to them at an instant: the
-- sum over a keyframe and the deltas since, of instants up to T, is the count at T.
DROP TABLE record.standing CASCADE;
CREATE TABLE record.standing (
    service           text NOT NULL,
    environment       text NOT NULL,
    seq               integer NOT NULL,
    batch             bigint NOT NULL,
    keyframe          boolean NOT NULL,
    complete_from     timestamptz,
    standard          text[] NOT NULL,
    at                timestamptz[] NOT NULL,
    membership        smallint[] NOT NULL, -- the enum's numbers; 0: no row from here; -1: removed
    posture           smallint[] NOT NULL, -- posture.h, enum posture_value
    certificate_state smallint[] NOT NULL,
    certified         boolean[] NOT NULL,
    tally_standard    text[] NOT NULL,     -- one element: of all
    tally_at          timestamptz[] NOT NULL,
    tally_status      smallint[] NOT NULL, -- posture.h, enum cell_status, 2 … 8
    tally_change      integer[] NOT NULL,  -- so many cells more (or less) from tally_at on
    PRIMARY KEY (service, environment, seq)
);
CREATE INDEX standing_keyframe ON record.standing (service, environment, seq) WHERE keyframe;

-- In these an array of one element stands for all where the row has more: record.history's
-- sequence, expires_at, tool, topic, partition, incarnation; record.timeline's checks and missing.
ALTER TABLE record.timeline
    ALTER COLUMN cause DROP NOT NULL,  -- NULL: no event is a cause
    ALTER COLUMN known DROP NOT NULL;  -- NULL: the row's own batch

-- Who sends what, for silent_producer: one row a service, rewritten by each batch that has results
-- of it.
DROP TABLE record.producer CASCADE;
CREATE TABLE record.producer (
    service text PRIMARY KEY,
    heard   bytea NOT NULL, -- sources, when last, which checks: consumers/store/heard.h
    checks  text[] NOT NULL -- ever sent for it, in order of first mention
) WITH (fillfactor = 70);
ALTER TABLE record.producer ALTER COLUMN heard SET STORAGE EXTERNAL;

-- Packed rows are a few kilobytes: kept in the row up to a page, beyond that compressed with lz4.
-- pglz costs more than all else that is done to them; it has to do where a PostgreSQL was built
-- without lz4.
ALTER TABLE record.history SET (toast_tuple_target = 8160);
ALTER TABLE record.timeline SET (toast_tuple_target = 8160);
ALTER TABLE record.standing SET (toast_tuple_target = 8160);
DO $$
DECLARE
    packed record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_settings s
                   WHERE s.name = 'default_toast_compression' AND 'lz4' = ANY (s.enumvals)) THEN
        RAISE WARNING 'this PostgreSQL was built without lz4: rows are compressed with pglz, which '
                      'costs more';
        RETURN;
    END IF;
    FOR packed IN
        SELECT a.attrelid::regclass AS relation, a.attname AS name
        FROM pg_attribute a
        WHERE a.attrelid IN ('record.history'::regclass, 'record.timeline'::regclass,
                             'record.standing'::regclass, 'record.unmapped'::regclass)
          AND a.attnum > 0 AND a.atttypid IN (SELECT t.oid FROM pg_type t WHERE t.typcategory = 'A')
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET COMPRESSION lz4', packed.relation,
                       packed.name);
    END LOOP;
END;
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM record.commit_log) THEN
        RAISE WARNING 'posture and counts are empty until assay rebuild; aggregators refuse to go '
                      'on before';
    END IF;
END;
$$;
