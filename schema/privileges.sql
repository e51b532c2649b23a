-- What the roles may do with tables and schemas. Functions and views carry their own grants, right
-- below each. Applied as assay_owner after the migrations, again whenever this file changes.
--
-- No role that logs in may UPDATE, DELETE or TRUNCATE anything: what changes a row is a function.

-- A function is born executable by everyone; here it is not. (Only a rule for all schemas can take
-- that away; it holds for what assay_owner creates in this database.)
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

REVOKE ALL ON SCHEMA record, assay FROM PUBLIC;
GRANT USAGE ON SCHEMA record, assay TO assay_aggregator, assay_reader, assay_auditor;

REVOKE ALL ON ALL TABLES IN SCHEMA record
    FROM PUBLIC, assay_aggregator, assay_reader, assay_auditor;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA record
    FROM PUBLIC, assay_aggregator, assay_reader, assay_auditor;

GRANT SELECT ON ALL TABLES IN SCHEMA record TO assay_aggregator, assay_auditor;

-- Rows of batches: COPY, or INSERT where they are few. Everything else is written by functions.
GRANT INSERT ON record.ledger, record.verdict, record.fact, record.fact_step,
    record.certification_step, record.stream, record.tool, record.cell, record.history,
    record.timeline, record.standing, record.unmapped
    TO assay_aggregator;

-- Everything but the ledger, with the bytes that were received: the functions of schema assay run
-- with the reader's own rights, so that PostgreSQL can look into them and use the indexes.
GRANT SELECT ON
    record.migration, record.repeatable, record.topic, record.partition, record.derivation,
    record.commit_head, record.commit_log, record.commit_take, record.governance_head,
    record.fact_step, record.certification_step, record.service, record.environment,
    record.stream, record.tool, record.cell, record.producer, record.history, record.timeline,
    record.standing, record.unmapped, record.present
    TO assay_reader;
-- A fact's bytes are among what a reader may have: they say what its fields say, and explain reads
-- them. The ledger's are not.
GRANT SELECT ON record.fact TO assay_reader;
