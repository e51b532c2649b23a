-- Takes a partition for a consumer that was assigned it: raises the epoch, so that a batch of
-- whoever held it before matches no row, and says where to go on. The first claim of all starts at
-- offset 0. A halted partition is claimed too, so that its holder can report it.
CREATE OR REPLACE FUNCTION record.claim(
    topic_number smallint, partition_number integer, cluster_id text,
    OUT incarnation integer, OUT epoch bigint, OUT next_offset bigint, OUT last_offset bigint,
    OUT last_digest bytea, OUT cluster text, OUT halted boolean, OUT reason text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO record.partition AS p (topic, partition, cluster)
    VALUES (topic_number, partition_number, cluster_id)
    ON CONFLICT (topic, partition) DO NOTHING;
    UPDATE record.partition p
    SET epoch = p.epoch + 1, cluster = coalesce(p.cluster, cluster_id)
    WHERE p.topic = topic_number AND p.partition = partition_number
    RETURNING p.incarnation, p.epoch, p.next_offset, p.last_offset, p.last_digest, p.cluster,
              p.halted, p.reason
    INTO STRICT incarnation, epoch, next_offset, last_offset, last_digest, cluster, halted, reason;
END;
$$;
REVOKE ALL ON FUNCTION record.claim(smallint, integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.claim(smallint, integer, text) TO assay_aggregator;
