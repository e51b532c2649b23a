-- An operator's other answer to a halt: what was wrong has been mended, and the same log goes on
-- where it halted. Raises the epoch, so that the present holder rejoins and claims.
CREATE OR REPLACE FUNCTION record.resume(topic_name text, partition_number integer)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    resumed integer;
BEGIN
    UPDATE record.partition p
    SET epoch = p.epoch + 1, halted = false, reason = NULL
    FROM record.topic t
    WHERE t.topic = p.topic AND t.name = topic_name AND p.partition = partition_number
      AND p.halted
    RETURNING p.incarnation INTO resumed;
    RETURN resumed; -- NULL: no such partition, or it is not halted
END;
$$;
REVOKE ALL ON FUNCTION record.resume(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.resume(text, integer) TO assay_aggregator;
