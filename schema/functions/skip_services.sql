-- Moves services on whose timelines a governance commit cannot change. Their versions stay, so that
-- no aggregator's cache of them becomes invalid.
CREATE OR REPLACE FUNCTION record.skip_services(names text[], evaluated bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE record.service s SET governance = evaluated
    FROM unnest(names) n WHERE s.service = n AND s.governance < evaluated;
END;
$$;
REVOKE ALL ON FUNCTION record.skip_services(text[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.skip_services(text[], bigint) TO assay_aggregator;
