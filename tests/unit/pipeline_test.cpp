// Which layers a stage holds, and how many micro-batches it keeps.
#include "core/pipeline.h"

#include "catch.h"

using namespace trainbudget;

TEST_CASE("layers divide evenly, and the short chunks lie at both ends") {
  const LayerSplit even(96, 8);
  CHECK(even.first_layer(0) == 0);
  CHECK(even.first_layer(3) == 36);
  CHECK(even.first_layer(8) == 96);
  // 10 layers over 4 chunks: 2, 3, 3, 2.
  const LayerSplit uneven(10, 4);
  CHECK(uneven.first_layer(1) == 2);
  CHECK(uneven.first_layer(2) == 5);
  CHECK(uneven.first_layer(3) == 8);
  CHECK(uneven.first_layer(4) == 10);
}

TEST_CASE("a stage of an interleaved pipeline holds every p-th chunk") {
  Workload workload;
  workload.kinds.resize(2);
  workload.layers = 8;  // kinds 0 1 0 1 …
  workload.layers_before = {0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 0, 1, 1, 2, 2, 3, 3, 4};
  const Layout layout{.pipeline = 2, .chunks = 2};  // chunks of two layers: stage 0 has 0–1 and 4–5
  CHECK(StageLayers(workload, layout)(0)[0] == 2);
  CHECK(StageLayers(workload, layout)(0)[1] == 2);
  const Layout single{.pipeline = 8};
  CHECK(StageLayers(workload, single)(2)[0] == 1);
  CHECK(StageLayers(workload, single)(2)[1] == 0);
}

TEST_CASE("1F1B keeps as many micro-batches as stages lie behind, interleaving more") {
  CHECK(chunks_in_flight(0, 8, 1, 100) == 8);
  CHECK(chunks_in_flight(7, 8, 1, 100) == 1);
  CHECK(chunks_in_flight(0, 8, 1, 3) == 3);  // there are no more
  // arXiv 2104.04473, §2.2: (p − rank − 1) × 2 + (v − 1) × p warm-up chunks, and the one in work.
  CHECK(chunks_in_flight(0, 4, 2, 100) == 11);
  CHECK(chunks_in_flight(3, 4, 2, 100) == 5);
}
