-- Empties one table of names, for a rebuild that found them to come out otherwise (forget_derived).
CREATE OR REPLACE FUNCTION record.forget_names(of_table text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('assay writers', 0));
    CASE of_table
        WHEN 'record.stream' THEN DELETE FROM record.stream;
        WHEN 'record.tool' THEN DELETE FROM record.tool;
        WHEN 'record.cell' THEN DELETE FROM record.cell;
    END CASE;
END;
$$;
REVOKE ALL ON FUNCTION record.forget_names(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.forget_names(text) TO assay_aggregator;
