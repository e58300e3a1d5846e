"""The tables of the index. Each entry is applied once, in order; an old entry is never edited. An entry that needs what
the folders hold empties `sources`, so that they are read again."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE sources (path VARCHAR PRIMARY KEY, stamp VARCHAR NOT NULL);
    COMMENT ON TABLE sources IS 'What the index was built from: folders and when they were last written';

    CREATE TABLE datasets (
        dataset VARCHAR, fingerprint VARCHAR, task VARCHAR, is_current BOOLEAN, labels INTEGER, train INTEGER,
        validation INTEGER, test INTEGER, left_out INTEGER, note VARCHAR, created_at TIMESTAMP
    );
    COMMENT ON TABLE datasets IS 'A row a version of a labelled set';
    COMMENT ON COLUMN datasets.fingerprint IS 'hash of the content';
    COMMENT ON COLUMN datasets.is_current IS 'the version used by default';
    COMMENT ON COLUMN datasets.labels IS 'number of labels';

    CREATE TABLE examples (dataset VARCHAR, fingerprint VARCHAR, example_id VARCHAR, split VARCHAR, target VARCHAR,
                           text VARCHAR);
    COMMENT ON TABLE examples IS 'A row an example of a version that has runs or is current';

    CREATE TABLE runs (
        run_id VARCHAR, dataset VARCHAR, fingerprint VARCHAR, task VARCHAR, candidate VARCHAR, candidate_id VARCHAR,
        method VARCHAR, family VARCHAR, model VARCHAR, seed BIGINT, train_size BIGINT, device VARCHAR, status VARCHAR,
        reason VARCHAR, attempt INTEGER, queued_at TIMESTAMP, started_at TIMESTAMP, changed_at TIMESTAMP,
        settings JSON, spec JSON, usage JSON
    );
    COMMENT ON TABLE runs IS 'A row a run: a candidate fitted and tested once';
    COMMENT ON COLUMN runs.candidate IS 'its name with the changed settings';
    COMMENT ON COLUMN runs.train_size IS 'training texts; null is all';
    COMMENT ON COLUMN runs.queued_at IS 'UTC';
    COMMENT ON COLUMN runs.started_at IS 'UTC';
    COMMENT ON COLUMN runs.changed_at IS 'when the status was written, UTC';

    CREATE TABLE scores (run_id VARCHAR, metric VARCHAR, split VARCHAR, value DOUBLE, low DOUBLE, high DOUBLE,
                         n BIGINT);
    COMMENT ON TABLE scores IS 'A row a metric, run and split';
    COMMENT ON COLUMN scores.low IS '95 % interval, lower end';
    COMMENT ON COLUMN scores.high IS '95 % interval, upper end';

    CREATE TABLE usage (
        run_id VARCHAR, phase VARCHAR, texts BIGINT, wall_seconds DOUBLE, cpu_seconds DOUBLE, device_seconds DOUBLE,
        device_name VARCHAR, kwh DOUBLE, energy_provenance VARCHAR, co2e_kg DOUBLE, peak_ram_bytes BIGINT,
        peak_gpu_bytes BIGINT, tokens_input BIGINT, tokens_cached BIGINT, tokens_output BIGINT, tokens_reasoning BIGINT,
        attempts INTEGER
    );
    COMMENT ON TABLE usage IS 'A row a run and phase: fit, predict, latency';
    COMMENT ON COLUMN usage.kwh IS 'energy of all components in kWh; null is unknown';
    COMMENT ON COLUMN usage.energy_provenance IS 'measured, modelled, estimated or unknown';

    CREATE TABLE predictions (
        run_id VARCHAR, example_id VARCHAR, split VARCHAR, target VARCHAR, prediction VARCHAR, correct BOOLEAN,
        reason VARCHAR, confidence FLOAT, seconds DOUBLE, tokens_input INTEGER, tokens_output INTEGER
    );
    COMMENT ON TABLE predictions IS 'A row an example and finished run';
    COMMENT ON COLUMN predictions.prediction IS 'null when the answer could not be read; reason says why';
    COMMENT ON COLUMN predictions.seconds IS 'this text''s share of its batch';
    """,
    """
    ALTER TABLE scores ADD COLUMN is_primary BOOLEAN;
    COMMENT ON COLUMN scores.is_primary IS 'whether candidates of the task are ranked by it';
    ALTER TABLE runs ADD COLUMN has_spans BOOLEAN;
    COMMENT ON COLUMN runs.has_spans IS 'whether its task labels parts of texts';
    ALTER TABLE runs ADD COLUMN joint VARCHAR;
    COMMENT ON COLUMN runs.joint IS 'all datasets that its model was fitted on together; empty when on this one alone';
    COMMENT ON COLUMN predictions.target IS 'a label; JSON for tasks with several labels or with spans';
    COMMENT ON COLUMN predictions.prediction IS 'as target; null when the answer could not be read, reason says why';
    COMMENT ON COLUMN predictions.correct IS 'whether all of it is right';

    CREATE VIEW spans AS
    WITH asked AS (
        SELECT p.run_id, p.example_id, p.split, p.target, p.prediction, p.correct
        FROM predictions AS p JOIN runs AS r USING (run_id) WHERE r.has_spans
    ), sides AS (
        SELECT run_id, example_id, split, correct, 'gold' AS side, try_cast(target AS JSON) AS content FROM asked
        UNION ALL
        SELECT run_id, example_id, split, correct, 'predicted', try_cast(prediction AS JSON) FROM asked
    ), items AS (
        SELECT * EXCLUDE content, unnest(json_extract(coalesce(content->'$.slots', content), '$[*]')) AS item FROM sides
    ), found AS (
        SELECT * EXCLUDE item, (item->>0)::INTEGER AS begins, (item->>1)::INTEGER AS ends, item->>2 AS label FROM items
    ), judged AS (
        SELECT a.*, o.label AS other_label, (o.begins, o.ends) = (a.begins, a.ends) AS same_place
        FROM found AS a LEFT JOIN found AS o
          ON o.run_id = a.run_id AND o.example_id = a.example_id AND o.split = a.split AND o.side <> a.side
             AND o.begins < a.ends AND o.ends > a.begins
        WHERE NOT a.correct
        QUALIFY row_number() OVER (
            PARTITION BY a.run_id, a.example_id, a.split, a.side, a.begins, a.ends, a.label
            ORDER BY (o.begins, o.ends, o.label) = (a.begins, a.ends, a.label) DESC,
                     (o.begins, o.ends) = (a.begins, a.ends) DESC, o.label = a.label DESC,
                     least(o.ends, a.ends) - greatest(o.begins, a.begins) DESC, o.begins, o.ends, o.label
        ) = 1
    )
    SELECT run_id, example_id, split, side, begins, ends, label, 'right' AS outcome, label AS other_label
    FROM found WHERE correct
    UNION ALL
    SELECT run_id, example_id, split, side, begins, ends, label,
           CASE WHEN other_label IS NULL THEN if(side = 'gold', 'missed', 'spurious')
                WHEN other_label <> label THEN 'wrong label' WHEN same_place THEN 'right' ELSE 'wrong boundary' END,
           other_label
    FROM judged;
    COMMENT ON VIEW spans IS 'A row a span of a target (gold) or of an answer (predicted), with what became of it';
    COMMENT ON COLUMN spans.begins IS 'place of its first character in the text, from 0';
    COMMENT ON COLUMN spans.ends IS 'place after its last character';
    COMMENT ON COLUMN spans.outcome IS 'right, wrong label, wrong boundary, missed (of gold), spurious (of predicted)';
    COMMENT ON COLUMN spans.other_label IS 'label of the span of the other side that it overlaps; null when none';
    DELETE FROM sources;
    """,
    """
    ALTER TABLE usage ADD COLUMN kwh_low DOUBLE;
    ALTER TABLE usage ADD COLUMN kwh_high DOUBLE;
    COMMENT ON COLUMN usage.kwh_low IS 'least, where energy is only known as a range; else null';
    COMMENT ON COLUMN usage.kwh_high IS 'most, where energy is only known as a range; else null';
    DELETE FROM sources;
    """,
)

PUBLIC_TABLES = ("datasets", "examples", "runs", "scores", "usage", "predictions")
PUBLIC_VIEWS = ("spans",)
"""Made of the tables when they are asked for; `core.analysis.span_errors` says what the outcomes mean."""
OF_RUN = ("runs", "scores", "usage", "predictions")
"""The tables whose rows carry a run_id."""
