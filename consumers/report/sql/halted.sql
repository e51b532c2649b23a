-- What the record does not go on taking, and so may lack. No parameters.
SELECT coalesce(string_agg(format('%s %s (%s)', c.topic, c.partition, c.reason), ', '
                           ORDER BY c.topic COLLATE "C", c.partition), '')
FROM assay.completeness c WHERE c.halted
