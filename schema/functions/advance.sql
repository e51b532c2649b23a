-- Moves partitions on by compare-and-swap and writes down what the batch took. False: one of them
-- is not where the batch thinks, or another consumer has claimed it, so the caller is fenced and
-- must roll back. Arrays run in parallel, one element a partition, sorted by (topic, partition).
CREATE OR REPLACE FUNCTION record.advance(
    batch_name bigint, topics smallint[], partitions integer[], incarnations integer[],
    epochs bigint[], from_offsets bigint[], next_offsets bigint[], last_offsets bigint[],
    last_digests bytea[], last_events timestamptz[], through timestamptz[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moved bigint;
BEGIN
    WITH wanted AS (
        SELECT * FROM unnest(topics, partitions, incarnations, epochs, from_offsets, next_offsets,
                             last_offsets, last_digests, last_events, through)
               AS w (topic, partition, incarnation, epoch, from_offset, next_offset, last_offset,
                     last_digest, last_event_at, complete_through)
    )
    UPDATE record.partition p
    SET next_offset = w.next_offset, last_offset = w.last_offset, last_digest = w.last_digest,
        last_event_at = greatest(p.last_event_at, w.last_event_at),
        complete_through = w.complete_through
    FROM wanted w
    WHERE p.topic = w.topic AND p.partition = w.partition AND p.incarnation = w.incarnation
      AND p.epoch = w.epoch AND p.next_offset = w.from_offset AND NOT p.halted;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved <> array_length(topics, 1) THEN
        RETURN false;
    END IF;
    INSERT INTO record.commit_take (topic, partition, incarnation, from_offset, next_offset, batch)
    SELECT w.topic, w.partition, w.incarnation, w.from_offset, w.next_offset, batch_name
    FROM unnest(topics, partitions, incarnations, from_offsets, next_offsets)
         AS w (topic, partition, incarnation, from_offset, next_offset);
    RETURN true;
END;
$$;
REVOKE ALL ON FUNCTION record.advance(bigint, smallint[], integer[], integer[], bigint[], bigint[],
    bigint[], bigint[], bytea[], timestamptz[], timestamptz[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.advance(bigint, smallint[], integer[], integer[], bigint[],
    bigint[], bigint[], bigint[], bytea[], timestamptz[], timestamptz[]) TO assay_aggregator;
