-- The last step of a rebuild: the service rows, with the versions the rebuild counted.
CREATE OR REPLACE FUNCTION record.restore_services(
    names text[], versions bigint[], evaluated bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO record.service (service, version, governance)
    SELECT w.service, w.version, evaluated FROM unnest(names, versions) AS w (service, version);
$$;
REVOKE ALL ON FUNCTION record.restore_services(text[], bigint[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.restore_services(text[], bigint[], bigint) TO assay_aggregator;
