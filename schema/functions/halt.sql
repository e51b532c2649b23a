-- Stops a partition with a reason, for its present holder only; the rest goes on.
CREATE OR REPLACE FUNCTION record.halt(
    topic_number smallint, partition_number integer, holder_epoch bigint, why text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE record.partition p SET halted = true, reason = why
    WHERE p.topic = topic_number AND p.partition = partition_number AND p.epoch = holder_epoch;
    RETURN FOUND;
END;
$$;
REVOKE ALL ON FUNCTION record.halt(smallint, integer, bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.halt(smallint, integer, bigint, text) TO assay_aggregator;
