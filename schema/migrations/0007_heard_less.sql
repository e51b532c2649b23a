-- Who was heard, written by few batches and not by all (docs/decisions/0010). What is derived has
-- to be made again: assay rebuild, which aggregators ask for.

-- Of each result the source, by its place in record.producer.heard, from 0; one element: of all.
ALTER TABLE record.history ADD COLUMN source integer[];

-- A row of record.producer counts the results in rows of record.history up to `upto` in each of
-- `environments`, which run in parallel and name all there are. What came since, record.heard_since
-- reads there.
ALTER TABLE record.producer
    ADD COLUMN environments text[] NOT NULL DEFAULT '{}',
    ADD COLUMN upto integer[] NOT NULL DEFAULT '{}';

-- Steps of what is no count are rare: NULL where a row has none.
ALTER TABLE record.standing
    ALTER COLUMN standard DROP NOT NULL,
    ALTER COLUMN at DROP NOT NULL,
    ALTER COLUMN membership DROP NOT NULL,
    ALTER COLUMN posture DROP NOT NULL,
    ALTER COLUMN certificate_state DROP NOT NULL,
    ALTER COLUMN certified DROP NOT NULL;

-- As in 0003: lz4 where there is one.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_settings s
               WHERE s.name = 'default_toast_compression' AND 'lz4' = ANY (s.enumvals)) THEN
        ALTER TABLE record.history ALTER COLUMN source SET COMPRESSION lz4;
    END IF;
    IF EXISTS (SELECT FROM record.commit_log) THEN
        RAISE WARNING 'silent_producer is not right until assay rebuild; aggregators refuse to go '
                      'on before';
    END IF;
END;
$$;
