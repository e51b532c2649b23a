-- Moves partitions on by compare-and-swap and writes down what the batch took. False: one of them
-- is not where the batch thinks, or another consumer has claimed it, so the caller is fenced and
-- must roll back. Arrays run in parallel, one element a partition, sorted by (topic, partition).
CREATE OR REPLACE FUNCTION record.advance(
    batch_name bigint, topics smallint[], partitions integer[], incarnations integer[],
    epochs bigint[], from_offsets bigint[], next_offsets bigint[], last_offsets bigint[],
    last_digests bytea[], last_events timestamptz[], through timestamptz[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- One after the other: there are few, and a join over so many arrays costs more.
    FOR i IN 1 .. cardinality(topics) LOOP
        UPDATE record.partition p
        SET next_offset = next_offsets[i], last_offset = last_offsets[i],
            last_digest = last_digests[i],
            last_event_at = greatest(p.last_event_at, last_events[i]),
            complete_through = through[i]
        WHERE p.topic = topics[i] AND p.partition = partitions[i]
          AND p.incarnation = incarnations[i] AND p.epoch = epochs[i]
          AND p.next_offset = from_offsets[i] AND NOT p.halted;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        INSERT INTO record.commit_take
            (topic, partition, incarnation, from_offset, next_offset, batch)
        VALUES (topics[i], partitions[i], incarnations[i], from_offsets[i], next_offsets[i],
                batch_name);
    END LOOP;
    RETURN true;
END;
$$;
REVOKE ALL ON FUNCTION record.advance(bigint, smallint[], integer[], integer[], bigint[], bigint[],
    bigint[], bigint[], bytea[], timestamptz[], timestamptz[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.advance(bigint, smallint[], integer[], integer[], bigint[],
    bigint[], bigint[], bigint[], bytea[], timestamptz[], timestamptz[]) TO assay_aggregator;
