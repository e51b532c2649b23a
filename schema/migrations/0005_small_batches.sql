-- What a batch costs a service beyond its events (docs/decisions/0010).

-- A service's row of record.producer is rewritten by each batch that has results of it, but hardly
-- ever its list of checks. That list outside of the row, the rest in the page beside room for its
-- next version: then an update is one small row, and touches no index. What is kept outside is
-- deleted and inserted anew, by chunks, with their index.
ALTER TABLE record.producer SET (toast_tuple_target = 4080, fillfactor = 50);
ALTER TABLE record.producer ALTER COLUMN heard SET STORAGE MAIN;
ALTER TABLE record.producer ALTER COLUMN checks SET STORAGE EXTERNAL;
