-- By which version of consumers/store the derived rows were made (0: by one that did not say so).
-- Where nothing has been committed yet they will be made by the caller's.
CREATE OR REPLACE FUNCTION record.derivation(ours integer) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO record.derivation (version)
    SELECT ours WHERE NOT EXISTS (SELECT FROM record.commit_log)
    ON CONFLICT (one) DO NOTHING;
    SELECT coalesce((SELECT d.version FROM record.derivation d), 0);
$$;
REVOKE ALL ON FUNCTION record.derivation(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.derivation(integer) TO assay_aggregator;
