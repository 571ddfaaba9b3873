// The speed of the program. Whole processes are a benchmark like the others:
//   ./dev bench --benchmark_filter=process --benchmark_repetitions=5
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
