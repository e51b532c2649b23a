-- Raises where the ledger has no partition for what arrives now.
DO $$
DECLARE
    batch bigint := (extract(epoch FROM now()) * 1000000)::bigint << 10;
    bounds text;
BEGIN
    SELECT pg_get_expr(c.relpartbound, c.oid) INTO bounds
    FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'record.ledger'::regclass
      AND c.relname = 'ledger_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM');
    IF bounds IS NULL THEN
        RAISE EXCEPTION 'record.ledger has no partition for this month';
    END IF;
    IF batch < substring(bounds FROM 'FROM \(''?(\d+)')::bigint
       OR batch >= substring(bounds FROM 'TO \(''?(\d+)')::bigint THEN
        RAISE EXCEPTION 'the partition of this month does not hold batches of now: %', bounds;
    END IF;
END;
$$;
