"""The tables of the index. Each entry is applied once, in order; an old entry is never edited."""

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
)

PUBLIC_TABLES = ("datasets", "examples", "runs", "scores", "usage", "predictions")
OF_RUN = ("runs", "scores", "usage", "predictions")
"""The tables whose rows carry a run_id."""
