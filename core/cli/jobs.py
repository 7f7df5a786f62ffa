"""Which function does which kind of job. Adding a kind is adding a line."""

JOB_KINDS = {
    "features": "core.pretraining:run_features",
    "projection": "core.projection:run_projection",
    "training": "core.training:run_training",
    "experiment": "core.training:run_experiment",
    "compression": "core.compression:run_compression",
    "export": "core.export:run_export",
    "selftest": "core.jobs:run_selftest",
}
