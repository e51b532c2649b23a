-- Says that the holder has looked at the ends of these partitions' logs at `seen_at` and found
-- nothing that is not taken. Returns how many are still its own; fewer than given: it is fenced.
CREATE OR REPLACE FUNCTION record.look(
    topics smallint[], partitions integer[], epochs bigint[], seen_at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held bigint;
BEGIN
    UPDATE record.partition p
    SET complete_through = CASE WHEN p.halted THEN p.complete_through
                           ELSE greatest(p.complete_through, seen_at) END
    FROM unnest(topics, partitions, epochs) AS w (topic, partition, epoch)
    WHERE p.topic = w.topic AND p.partition = w.partition AND p.epoch = w.epoch;
    GET DIAGNOSTICS held = ROW_COUNT;
    RETURN held;
END;
$$;
REVOKE ALL ON FUNCTION record.look(smallint[], integer[], bigint[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.look(smallint[], integer[], bigint[], timestamptz)
    TO assay_aggregator;
