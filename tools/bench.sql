-- bench.sql: how measures are taken; loaded into the scratch database before test/bench/*.sql.

CREATE TABLE public.bench_result (
    result_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    ours numeric NOT NULL,
    baseline numeric NOT NULL,
    unit text NOT NULL DEFAULT 'ms'
);
COMMENT ON TABLE public.bench_result IS 'One row a measure: times are medians of several runs, in milliseconds.';

-- Runs our statement and all the baselines by turns, so that whatever else the machine does hits all alike, and keeps
-- the medians.  What a statement writes is undone before the next one.  The first run of each only warms the caches.
CREATE PROCEDURE public.bench_each(names text[], ours text, baselines text[], runs integer DEFAULT 5)
LANGUAGE plpgsql
AS $$
DECLARE
    statements text[] := array_prepend(ours, baselines);
    took_ms jsonb := '{}';
    started_at timestamptz;
    run_ms numeric;
BEGIN
    FOR run IN 0..runs LOOP
        FOR which IN 1..cardinality(statements) LOOP
            BEGIN
                started_at := clock_timestamp();
                EXECUTE statements[which];
                -- What is deferred to the end of the transaction belongs to the statement.
                SET CONSTRAINTS ALL IMMEDIATE;
                run_ms := extract(epoch FROM clock_timestamp() - started_at) * 1000;
                RAISE EXCEPTION USING ERRCODE = 'BENCH';
            EXCEPTION WHEN SQLSTATE 'BENCH' THEN
                NULL;
            END;
            IF run > 0 THEN
                took_ms := took_ms || jsonb_build_object(which, coalesce(took_ms -> which::text, '[]') || to_jsonb(run_ms));
            END IF;
        END LOOP;
    END LOOP;
    WITH median AS (
        SELECT which::integer, percentile_cont(0.5) WITHIN GROUP (ORDER BY t::float8)::numeric AS ms
        FROM jsonb_each(took_ms) AS m (which, times), jsonb_array_elements_text(times) AS t
        GROUP BY which
    )
    INSERT INTO public.bench_result (name, ours, baseline)
    SELECT names[baseline.which - 1], own.ms, baseline.ms
    FROM median AS baseline JOIN median AS own ON own.which = 1
    WHERE baseline.which > 1
    ORDER BY baseline.which;
END
$$;

-- One baseline.
CREATE PROCEDURE public.bench(name text, ours text, baseline text, runs integer DEFAULT 5)
LANGUAGE sql
AS $$
    CALL public.bench_each(ARRAY[name], ours, ARRAY[baseline], runs);
$$;
