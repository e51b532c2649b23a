-- Who sent what, for silent_producer: what consumers/store/heard.h packs, one element a service.
-- checks, environments, upto: one a line; checks NULL: as they were.
DROP FUNCTION IF EXISTS record.note_producers(text[], bytea[], text[]);
CREATE OR REPLACE FUNCTION record.note_producers(
    services text[], heard bytea[], checks text[], environments text[], upto text[])
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE record.producer p
    SET heard = w.heard, environments = string_to_array(w.environments, E'\n'),
        upto = string_to_array(w.upto, E'\n')::integer[]
    FROM unnest(note_producers.services, note_producers.heard, note_producers.checks,
                note_producers.environments, note_producers.upto)
        AS w (service, heard, checks, environments, upto)
    WHERE p.service = w.service AND w.checks IS NULL;
    INSERT INTO record.producer AS p (service, heard, checks, environments, upto)
    SELECT w.service, w.heard, string_to_array(w.checks, E'\n'),
           string_to_array(w.environments, E'\n'), string_to_array(w.upto, E'\n')::integer[]
    FROM unnest(note_producers.services, note_producers.heard, note_producers.checks,
                note_producers.environments, note_producers.upto)
        AS w (service, heard, checks, environments, upto)
    WHERE w.checks IS NOT NULL
    ON CONFLICT (service) DO UPDATE
    SET heard = excluded.heard, checks = excluded.checks, environments = excluded.environments,
        upto = excluded.upto;
END;
$$;
REVOKE ALL ON FUNCTION record.note_producers(text[], bytea[], text[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.note_producers(text[], bytea[], text[], text[], text[])
    TO assay_aggregator;
