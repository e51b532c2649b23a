-- Who sent what, for silent_producer: what consumers/store/heard.h packs, one element a service.
-- checks: one a line; NULL: as they were.
DROP FUNCTION IF EXISTS record.note_producers(text[], text[], text[], timestamptz[]);
CREATE OR REPLACE FUNCTION record.note_producers(services text[], heard bytea[], checks text[])
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE record.producer p SET heard = w.heard
    FROM unnest(note_producers.services, note_producers.heard, note_producers.checks)
        AS w (service, heard, checks)
    WHERE p.service = w.service AND w.checks IS NULL;
    INSERT INTO record.producer AS p (service, heard, checks)
    SELECT w.service, w.heard, string_to_array(w.checks, E'\n')
    FROM unnest(note_producers.services, note_producers.heard, note_producers.checks)
        AS w (service, heard, checks)
    WHERE w.checks IS NOT NULL
    ON CONFLICT (service) DO UPDATE SET heard = excluded.heard, checks = excluded.checks;
END;
$$;
REVOKE ALL ON FUNCTION record.note_producers(text[], bytea[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.note_producers(text[], bytea[], text[]) TO assay_aggregator;
