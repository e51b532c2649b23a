-- What time leaves alone, ready to be read: docs/decisions/0012-the-present-kept-ready.md. Nothing
-- that is derived changes; no rebuild is needed.

-- What cell_status says of one cell of a (service, environment).
CREATE TYPE record.present_cell AS (
    standard       text,
    control        text,
    status         smallint,     -- posture.h, enum cell_status
    since          timestamptz,
    until          timestamptz,
    stale          boolean,
    inherited_from text,
    checks         integer,
    missing        integer,
    deciding       uuid,
    exception      text,
    finding        text
);

-- What service_status says of one standard of a (service, environment).
CREATE TYPE record.present_standing AS (
    standard          text,
    membership        smallint,  -- scope.proto, enum Membership
    posture           smallint,  -- posture.h, enum posture_value
    passed            integer,
    excepted          integer,
    failed            integer,
    error             integer,
    stale             integer,
    not_tested        integer,
    not_applicable    integer,
    applicable        integer,
    certificate_state smallint,  -- posture.h, enum certificate_state
    certified         boolean
);

-- Both for every instant from `since` to before `until`, by the rows up to `seq`. A reader takes a
-- row where its instant is in between and no later row of the pair's timeline or standings has been
-- written, and reads those themselves otherwise: what is said never depends on which rows are here.
CREATE TABLE record.present (
    service     text NOT NULL,
    environment text NOT NULL,
    seq         integer NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz NOT NULL,
    cells       record.present_cell[] NOT NULL,
    standings   record.present_standing[] NOT NULL,
    PRIMARY KEY (service, environment)
) WITH (fillfactor = 50);

-- As in 0003: lz4 where there is one.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_settings s
               WHERE s.name = 'default_toast_compression' AND 'lz4' = ANY (s.enumvals)) THEN
        ALTER TABLE record.present ALTER COLUMN cells SET COMPRESSION lz4;
    END IF;
END;
$$;

-- privileges.sql grants by name and is applied only where it has changed.
GRANT SELECT ON record.present TO assay_aggregator, assay_reader, assay_auditor;
