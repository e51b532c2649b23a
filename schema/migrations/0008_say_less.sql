-- Rows that say less (docs/decisions/0010). What is derived has to be made again: assay rebuild,
-- which aggregators ask for. The tables stay as they are; what changes is what rows say.
--
-- record.timeline: a keyframe behind a pair's first row says nothing of when a transition became
-- known (known is NULL, and means nothing there), and its causes only of steps behind
-- complete_from: rows before it have said so, and who asks for changes leaves such keyframes out.
-- Of a removed step only cell and at count; its checks and missing may be anything.
--
-- record.standing: tallies with tally_status 0 count the cells of all of the statuses 2 … 8. PASSED
-- (3) is not told: it is what these are more than the others.
DO $$
BEGIN
    IF EXISTS (SELECT FROM record.commit_log) THEN
        RAISE WARNING 'counts and changes are not right until assay rebuild; aggregators refuse to '
                      'go on before';
    END IF;
END;
$$;
