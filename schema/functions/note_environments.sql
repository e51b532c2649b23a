-- The environments a batch met for the first time: (service, environment) in parallel arrays.
CREATE OR REPLACE FUNCTION record.note_environments(services text[], environments text[])
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO record.environment (service, environment)
    SELECT w.service, w.environment FROM unnest(services, environments) AS w (service, environment)
    ON CONFLICT DO NOTHING;
$$;
REVOKE ALL ON FUNCTION record.note_environments(text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.note_environments(text[], text[]) TO assay_aggregator;
