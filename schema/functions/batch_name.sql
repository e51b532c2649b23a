-- A new batch's name: rises with time, unique for ever. Microseconds since 1970, then ten bits from
-- a sequence. A clock stepping back can at worst repeat a name, which commit_log refuses and the
-- batch's retry mends.
CREATE OR REPLACE FUNCTION record.batch_name() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 1024
           + nextval('record.batch_tiebreak');
$$;
REVOKE ALL ON FUNCTION record.batch_name() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.batch_name() TO assay_aggregator;
