-- The small number of a topic's name, given at first mention.
CREATE OR REPLACE FUNCTION record.topic_number(topic_name text) RETURNS smallint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    number smallint;
BEGIN
    SELECT t.topic INTO number FROM record.topic t WHERE t.name = topic_name;
    IF number IS NULL THEN
        INSERT INTO record.topic (name) VALUES (topic_name) ON CONFLICT (name) DO NOTHING;
        SELECT t.topic INTO STRICT number FROM record.topic t WHERE t.name = topic_name;
    END IF;
    RETURN number;
END;
$$;
REVOKE ALL ON FUNCTION record.topic_number(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.topic_number(text) TO assay_aggregator;
