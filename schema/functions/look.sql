-- Says that the holder has looked at the ends of these partitions' logs at `seen_at` and found
-- nothing that is not taken. Returns how many are still its own, and still as far as it thinks;
-- fewer than given: it is fenced. A database that was restored, or failed over to a standby that
-- lacked the last commits, has taken less, and would not hear of it until the next record comes.
--
-- Nobody waits until it is on disk: what a crash takes away is a look, which is taken again.
--
-- No completeness of a time that has not come: neither by the holder's clock, where it is ahead of
-- this one, nor by this one, where it was ahead and has been set right.
DROP FUNCTION IF EXISTS record.look(smallint[], integer[], bigint[], timestamptz);
CREATE OR REPLACE FUNCTION record.look(
    topics smallint[], partitions integer[], epochs bigint[], next_offsets bigint[],
    seen_at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held bigint;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE record.partition p
    SET complete_through = CASE WHEN p.halted THEN p.complete_through
                           WHEN p.complete_through > clock_timestamp() + interval '5 minutes'
                           THEN least(seen_at, clock_timestamp())
                           ELSE greatest(p.complete_through, least(seen_at, clock_timestamp())) END
    FROM unnest(topics, partitions, epochs, next_offsets)
         AS w (topic, partition, epoch, next_offset)
    WHERE p.topic = w.topic AND p.partition = w.partition AND p.epoch = w.epoch
      AND p.next_offset = w.next_offset;
    GET DIAGNOSTICS held = ROW_COUNT;
    RETURN held;
END;
$$;
REVOKE ALL ON FUNCTION record.look(smallint[], integer[], bigint[], bigint[], timestamptz)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.look(smallint[], integer[], bigint[], bigint[], timestamptz)
    TO assay_aggregator;
