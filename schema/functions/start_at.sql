-- Where a reopened partition starts, if its log does not begin at 0 any more: only before the first
-- record of its incarnation is taken, and never in the first incarnation, whose beginning is 0.
CREATE OR REPLACE FUNCTION record.start_at(
    topic_number smallint, partition_number integer, holder_epoch bigint, first_offset bigint)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE record.partition p SET next_offset = first_offset
    WHERE p.topic = topic_number AND p.partition = partition_number AND p.epoch = holder_epoch
      AND p.incarnation > 1 AND p.last_offset IS NULL AND p.next_offset < first_offset;
    RETURN FOUND;
END;
$$;
REVOKE ALL ON FUNCTION record.start_at(smallint, integer, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.start_at(smallint, integer, bigint, bigint) TO assay_aggregator;
