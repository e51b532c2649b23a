-- Sees to it that the ledger has a partition for this month and the next two (UTC), and returns how
-- many it made. assay migrate calls it, and a running aggregator now and then; nobody else has to.
--
-- A batch's name is microseconds since 1970, shifted left by ten bits, so months are ranges of it.
-- A partition is made as a table of its own and then attached, which keeps only those batches
-- waiting that write to ledger_other, where records go whose month has none. What is there moves.
CREATE OR REPLACE FUNCTION record.ensure_ledger_partitions() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    month timestamp; -- in UTC
    bounds bigint[];
    partition_name text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('assay ledger partitions', 0));
    FOR month IN
        SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month'
        FROM generate_series(0, 2) n
    LOOP
        partition_name := 'ledger_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('record.' || partition_name) IS NOT NULL;
        SELECT array_agg((extract(epoch FROM b) * 1000000)::bigint << 10 ORDER BY b)
        INTO STRICT bounds FROM unnest(ARRAY[month, month + interval '1 month']) b;
        EXECUTE format('CREATE TABLE record.%I (LIKE record.ledger INCLUDING ALL)',
                       partition_name);
        -- From here on no batch of this month can land in ledger_other.
        LOCK TABLE record.ledger_other IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('WITH moved AS (DELETE FROM record.ledger_other o '
                       'WHERE o.batch >= $1 AND o.batch < $2 RETURNING o.*) '
                       'INSERT INTO record.%I SELECT * FROM moved', partition_name)
        USING bounds[1], bounds[2];
        -- Spares ATTACH the reading of all rows under its lock.
        EXECUTE format('ALTER TABLE record.%I ADD CONSTRAINT of_month '
                       'CHECK (batch >= %s AND batch < %s)', partition_name, bounds[1], bounds[2]);
        EXECUTE format('ALTER TABLE record.ledger ATTACH PARTITION record.%I '
                       'FOR VALUES FROM (%s) TO (%s)', partition_name, bounds[1], bounds[2]);
        EXECUTE format('ALTER TABLE record.%I DROP CONSTRAINT of_month', partition_name);
        -- Read and written through record.ledger alone.
        EXECUTE format('REVOKE ALL ON TABLE record.%I FROM PUBLIC', partition_name);
        made := made + 1;
    END LOOP;
    RETURN made;
END;
$$;
REVOKE ALL ON FUNCTION record.ensure_ledger_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.ensure_ledger_partitions() TO assay_aggregator;
