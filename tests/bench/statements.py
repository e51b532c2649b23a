"""statements -- where PostgreSQL spends its time in a run, by pg_stat_statements (--statements)."""

TOP_STATEMENTS = """
SELECT calls, round(total_exec_time::numeric), rows, pg_size_pretty(wal_bytes),
       left(regexp_replace(query, '\\s+', ' ', 'g'), 80)
FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid
WHERE d.datname = current_database() ORDER BY total_exec_time DESC LIMIT 15
"""


def reset(database, options):
    if options.statements:
        database.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        database.query("SELECT pg_stat_statements_reset()")


def report(database, options):
    if options.statements:
        options.say("   calls       ms     rows        WAL  statement")
        for calls, ms, rows, wal, query in database.query(TOP_STATEMENTS):
            options.say(f"{calls:8} {ms:8} {rows:8} {wal:>10}  {query}")
