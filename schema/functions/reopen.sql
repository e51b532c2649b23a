-- An operator's answer to a halt: the topic's log is a new one from here on. Opens the next
-- incarnation, at offset 0 or where the log begins (start_at), and raises the epoch, so that the
-- present holder rejoins and claims.
CREATE OR REPLACE FUNCTION record.reopen(topic_name text, partition_number integer)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    opened integer;
BEGIN
    UPDATE record.partition p
    SET incarnation = p.incarnation + 1, epoch = p.epoch + 1, next_offset = 0, last_offset = NULL,
        last_digest = NULL, cluster = NULL, halted = false, reason = NULL
    FROM record.topic t
    WHERE t.topic = p.topic AND t.name = topic_name AND p.partition = partition_number
      AND p.halted
    RETURNING p.incarnation INTO opened;
    RETURN opened; -- NULL: no such partition, or it is not halted
END;
$$;
REVOKE ALL ON FUNCTION record.reopen(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.reopen(text, integer) TO assay_aggregator;
