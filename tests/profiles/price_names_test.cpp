// What accelerators are called in the price lists of others: every name stands for a profile, or says why
// not.
#include "catch.h"
#include "price_lists.h"

using namespace trainbudget;
using namespace price_lists;

TEST_CASE("every name stands for a profile, or says why it has none") {
  const auto names = io::read_import_names(profiles::folder().path("prices/import_names.csv"));
  const auto known = profiles::folder().names("accelerators");
  for (const io::ImportName& name : names) {
    INFO(name.source << " " << name.name);
    CHECK((name.source == "skypilot" || name.source == "gpuhunt"));
    if (name.accelerator.empty()) {
      CHECK_FALSE(name.note.empty());
    } else {
      CHECK(std::binary_search(known.begin(), known.end(), name.accelerator));
    }
  }
}

TEST_CASE("names as the catalogs of small clouds write them, each with its card") {
  struct Row {
    const char* provider;
    const char* instance;
    const char* name;
    const char* accelerator;  ///< empty: dropped
  };
  constexpr Row rows[] = {
      {"verda", "1H100.80S.32V", "H100", "h100-sxm-80gb"},
      {"verda", "1A100.22V", "A100-80GB", "a100-sxm-80gb"},
      {"verda", "1V100.6V", "V100", "v100-sxm-16gb"},
      {"hyperstack", "n3-H100x8-NVLink", "H100-80G-PCIe-NVLink", "h100-pcie-80gb"},
      {"hyperstack", "n3-RTX-A4000x2", "RTX-A4000", ""},
      {"nebius", "gpu-h100-sxm_8gpu-128vcpu-1600gb", "H100", "h100-sxm-80gb"},
      {"shadeform", "denvr_A100-sxm4x8", "A100", "a100-sxm-40gb"},
      {"shadeform", "lambdalabs_A100-sxm4-80GBx8", "A100-80GB", "a100-sxm-80gb"},
      {"shadeform", "crusoe_A100-80GBx2", "A100-80GB", "a100-pcie-80gb"},
      {"shadeform", "crusoe_A100-80G-sxm4x8", "A100-80GB", "a100-sxm-80gb"},
      {"shadeform", "scaleway_H100x2", "H100", ""},
      {"lium", "H100-SXM_8x", "H100-SXM", "h100-sxm-80gb"},
      {"lium", "RTXPRO6000-WK_1x", "RTXPRO6000-WK", "rtx-pro-6000-blackwell-ws"},
      {"seeweb", "ECS1GPU12", "RTX PRO 6000 96GB", ""},
      {"spheron", "1H100.80S.32V_FIN-03_500", "H100_SXM5", "h100-sxm-80gb"},
      {"spheron", "n3-H100x8-NVLink__CANADA-1", "H100_NVL", "h100-pcie-80gb"},
      {"spheron", "gpu_1x_a100_SXM4_us-central-3", "A100_80G_PCIE", ""},
      {"spheron", "n3-A100x1__CANADA-1", "A100_80G_PCIE", "a100-pcie-80gb"},
      {"vast", "1x-RTX3080", "RTX3080", ""},
      {"cudo", "a800", "A800", ""},
  };
  for (const Row& row : rows) {
    INFO(row.provider << " " << row.instance << " " << row.name);
    const PriceImport list =
        skypilot(row.provider, std::string(row.instance) + ",8,64," + row.name + ",1,,somewhere,,2.5,\n");
    if (*row.accelerator == '\0') {
      CHECK(list.offers.empty());
      REQUIRE(list.dropped.size() == 1);
      CHECK(list.dropped.front().reason.find("unknown") == std::string::npos);
    } else {
      REQUIRE(list.offers.size() == 1);
      CHECK(list.offers.front().accelerator == row.accelerator);
    }
  }
}

TEST_CASE("cards that gpuhunt knows and no profile describes are dropped by name, not as misspelt ones") {
  for (const char* name : {"A4500", "RTX3060Ti", "RTX2000Ada", "RTX4000Ada", "A16", "P100"}) {
    INFO(name);
    const PriceImport list = import(PriceSource::gpuhunt, "runpod",
                                    v2 + "some,eu,1.0,8,64,1," + name + ",16,False,0,nvidia,,x86_64,\n");
    CHECK(list.offers.empty());
    REQUIRE(list.dropped.size() == 1);
    CHECK(list.dropped.front().reason.find("no profile") != std::string::npos);
  }
}
