"""As many models as BENCH_MODELS says, to measure what each further one costs."""
