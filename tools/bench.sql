-- bench.sql: how measures are taken; loaded into the scratch database before test/bench/*.sql.

CREATE TABLE public.bench_result (
    result_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    ours_ms numeric NOT NULL,
    baseline_ms numeric NOT NULL
);
COMMENT ON TABLE public.bench_result IS 'One row a measure: medians of several runs, in milliseconds.';

-- Runs both statements by turns, so that whatever else the machine does hits both alike, and keeps the medians.  What
-- a statement writes is undone before the next one.  The first run of each only warms the caches.
CREATE PROCEDURE public.bench(name text, ours text, baseline text, runs integer DEFAULT 5)
LANGUAGE plpgsql
AS $$
DECLARE
    started_at timestamptz;
    ours_ms numeric[] := '{}';
    baseline_ms numeric[] := '{}';
    took_ms numeric;
BEGIN
    FOR run IN 0..runs LOOP
        FOR which IN 1..2 LOOP
            BEGIN
                started_at := clock_timestamp();
                EXECUTE CASE which WHEN 1 THEN ours ELSE baseline END;
                -- What is deferred to the end of the transaction belongs to the statement.
                SET CONSTRAINTS ALL IMMEDIATE;
                took_ms := extract(epoch FROM clock_timestamp() - started_at) * 1000;
                RAISE EXCEPTION USING ERRCODE = 'BENCH';
            EXCEPTION WHEN SQLSTATE 'BENCH' THEN
                NULL;
            END;
            IF run > 0 AND which = 1 THEN
                ours_ms := ours_ms || took_ms;
            ELSIF run > 0 THEN
                baseline_ms := baseline_ms || took_ms;
            END IF;
        END LOOP;
    END LOOP;
    INSERT INTO public.bench_result (name, ours_ms, baseline_ms)
    SELECT bench.name,
           (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) FROM unnest(ours_ms) AS t),
           (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) FROM unnest(baseline_ms) AS t);
END
$$;
