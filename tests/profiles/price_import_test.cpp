// Price lists of others: every trap that was seen in them is a row here.
#include "io/price_import/price_import.h"

#include "catch.h"
#include "io/price_table.h"
#include "price_lists.h"
#include "render/hardware_table.h"

using namespace trainbudget;
using namespace price_lists;

TEST_CASE("GCP: the price is that of the host row and the GPU row of the same zone together") {
  const PriceImport list = skypilot(
      "gcp",
      "a2-highgpu-1g,12,85,,,,us-central1,us-central1-a,0.739,0.3\n"
      "a2-highgpu-1g,12,85,,,,us-central1,us-central1-b,99,99\n"
      ",,,A100,1,{'Gpus': [{'MemoryInfo': {'SizeInMiB': 40960}}]},us-central1,us-central1-a,2.934,1.6\n");
  REQUIRE(list.offers.size() == 2);
  CHECK(usd(*find(list, "a100-sxm-40gb", on_demand)) == Approx(3.673));
  CHECK(usd(*find(list, "a100-sxm-40gb", spot)) == Approx(1.9));
  CHECK(find(list, "a100-sxm-40gb", on_demand)->instance == "a2-highgpu-1g");
  CHECK(dropped(list, "a price of a host alone"));
}

TEST_CASE(
    "GCP: a GPU whose host has no price in its zone is dropped, one that goes with any host is suspect") {
  const PriceImport list = skypilot(
      "gcp",
      ",,,A100,1,,us-central1,us-central1-a,2.934,1.6\n"
      ",,,T4,1,{'Gpus': [{'MemoryInfo': {'SizeInMiB': 16384}}]},us-central1,us-central1-a,0.35,0.175\n");
  CHECK(find(list, "a100-sxm-40gb", on_demand) == nullptr);
  CHECK(dropped(list, "no price of the host"));
  REQUIRE(find(list, "t4", on_demand) != nullptr);
  CHECK(find(list, "t4", on_demand)->quality == PriceQuality::c);
}

TEST_CASE("GCP: spot above on demand means that a commitment price was picked: marked and said") {
  const PriceImport list = skypilot("gcp",
                                    "a2-ultragpu-1g,12,170,,,,us-central1,us-central1-a,0.2,0.1\n"
                                    ",,,A100-80GB,1,,us-central1,us-central1-a,1.8462,1.964\n");
  REQUIRE(list.offers.size() == 2);
  CHECK(find(list, "a100-sxm-80gb", on_demand)->quality == PriceQuality::c);
  CHECK(find(list, "a100-sxm-80gb", spot)->quality == PriceQuality::c);
  CHECK(list.warnings.size() == 2);
  CHECK(list.warnings[0].find("spot is dearer") != std::string::npos);
}

TEST_CASE("a region below 60 % of the median of its peers is suspect, one at 61 % is not") {
  const std::string rows =
      "m,8,1,H100,1,,a,a-1,10,\nm,8,1,H100,1,,b,b-1,10,\nm,8,1,H100,1,,c,c-1,5.9,\nm,8,1,H100,1,,d,d-1,6.1,\n"
      "m,8,1,H100,1,,e,e-1,10,\n";
  const PriceImport list = skypilot("aws", rows);
  CHECK(find(list, "h100-sxm-80gb", on_demand, "c")->quality == PriceQuality::c);
  CHECK(find(list, "h100-sxm-80gb", on_demand, "d")->quality == PriceQuality::a);
  REQUIRE(list.warnings.size() == 1);
  CHECK(list.warnings[0].find("60 %") != std::string::npos);
}

TEST_CASE("TPU slices are divided by their chips, v2, v3, v4 and v5p count TensorCores, two a chip") {
  const PriceImport list = skypilot("gcp",
                                    ",,,tpu-v6e-256,1,tpu-v6e-256,us-central1,us-central1-a,691.2,139.31725\n"
                                    ",,,tpu-v5litepod-8,1,,us-central1,us-central1-a,9.6,\n"
                                    ",,,tpu-v5p-8,1,,us-central1,us-central1-a,16.8,\n"
                                    ",,,tpu-v4-8,1,,us-central2,us-central2-b,12.88,\n"
                                    ",,,tpu-v3-8,1,,us-central1,us-central1-a,8,\n"
                                    ",,,tpu-v2-8,1,,us-central1,us-central1-a,4.5,\n");
  CHECK(usd(*find(list, "tpu-v6e", on_demand)) == Approx(2.7));
  CHECK(usd(*find(list, "tpu-v6e", spot)) == Approx(139.31725 / 256.0));
  CHECK(usd(*find(list, "tpu-v5e", on_demand)) == Approx(1.2));
  CHECK(usd(*find(list, "tpu-v5p", on_demand)) == Approx(4.2));
  CHECK(usd(*find(list, "tpu-v4", on_demand)) == Approx(3.22));
  CHECK(usd(*find(list, "tpu-v3", on_demand)) == Approx(2.0));
  CHECK(usd(*find(list, "tpu-v2", on_demand)) == Approx(1.125));
  CHECK(io::tpu_chips("v5p-8") == 4.0);
  CHECK(io::tpu_chips("tpu-v6e-256") == 256.0);
  CHECK(io::tpu_chips("v6e") == 0.0);
}

TEST_CASE(
    "700.0 is a sentinel, empty and 0.00 are no price, and an empty Price may stand beside a spot price") {
  const PriceImport list =
      skypilot("gcp", ",,,tpu-v6e-8,1,,us-central1,a,700.0,\n,,,tpu-v5p-8,1,,us-central1,a,700.0,8.4\n");
  CHECK(list.offers.size() == 1);
  CHECK(usd(*find(list, "tpu-v5p", spot)) == Approx(2.1));
  CHECK(dropped(list, "sentinel 700"));
  const PriceImport vast = skypilot("vast", "1x,8,1,L40S,1,,Sweden,,0.6,0.00\n");
  CHECK(vast.offers.size() == 1);
  CHECK(find(vast, "l40s", spot) == nullptr);
  const PriceImport verda =
      skypilot("verda", "1L40S.20V,8,1,L40S,1,,FIN-01,,,0.5\n1T4,8,1,T4,1,,FIN-01,,,\n");
  CHECK(verda.offers.size() == 1);
  CHECK(usd(*find(verda, "l40s", spot)) == 0.5);
  CHECK(dropped(verda, "no price"));
}

TEST_CASE("RunPod: SECURE rows repeat their price as spot, COMMUNITY rows are of hosts of a marketplace") {
  const PriceImport list = skypilot(
      "runpod",
      "1x_RTX4090_SECURE,8,1,RTX4090,1,\"{'Gpus': [{'MemoryInfo': {'SizeInMiB': 24}}]}\",CA,CA-1,0.69,0.69\n"
      "1x_RTX4090_COMMUNITY,8,1,RTX4090,1,,CA,CA-1,0.34,0.2\n");
  CHECK(list.offers.size() == 3);
  CHECK(usd(*find(list, "rtx-4090", on_demand)) == Approx(0.69));
  CHECK(usd(*find(list, "rtx-4090", PricingModel::community)) == Approx(0.34));
  CHECK(usd(*find(list, "rtx-4090", spot)) == Approx(0.2));
}

TEST_CASE("Mithril: 1.0 a GPU is the reserve bid of an auction, and other bids are not list prices") {
  const PriceImport list =
      skypilot("mithril", "h100.8x,8,1,H100-SXM,8,,us-a,,8.0,\nh100.8x,8,1,H100-SXM,8,,us-b,,16.0,12\n");
  CHECK(dropped(list, "reserve bid"));
  CHECK(list.offers.size() == 2);
  for (const Offer& offer : list.offers)
    CHECK(offer.quality == PriceQuality::c);
}

TEST_CASE("A100 and H100 mean what the provider and the instance say, and nothing where neither does") {
  const auto one = [](const std::string& provider, const std::string& instance, const std::string& name) {
    const PriceImport list = skypilot(provider, instance + ",8,1," + name + ",1,,r,,2,\n");
    return list.offers.empty() ? list.dropped.at(0).reason : list.offers[0].accelerator;
  };
  CHECK(one("aws", "p4d", "A100") == "a100-sxm-40gb");
  CHECK(one("aws", "p4de", "A100-80GB") == "a100-sxm-80gb");
  CHECK(one("runpod", "1x_A100-80GB_SECURE", "A100-80GB") == "a100-pcie-80gb");
  CHECK(one("runpod", "1x_A100-80GB-SXM_SECURE", "A100-80GB-SXM") == "a100-sxm-80gb");
  CHECK(one("hyperstack", "n3-H100-SXM5x8", "H100") == "h100-sxm-80gb");
  CHECK(one("hyperstack", "n3-H100x8", "H100") == "h100-pcie-80gb");
  CHECK(one("vast", "1x-H100_NVL", "H100") == "h100-nvl-94gb");
  CHECK(one("gcp", "m", "H100-MEGA") == "h100-sxm-80gb");
  CHECK(one("fluidstack", "m", "H100-NVLINK") == "h100-pcie-80gb");
  CHECK(one("vast", "1x-A100", "A100").find("may mean several") != std::string::npos);
  CHECK(one("vast", "m", "RTX6000").find("Turing") != std::string::npos);
  CHECK(one("vast", "m", "H10").find("did you mean") != std::string::npos);
  CHECK(one("vast", "m", "H10").find("unknown accelerator 'H10'") != std::string::npos);
}

TEST_CASE(
    "one row for each zone: duplicates of type and price are one offer, GCP, AWS and Azure keep their "
    "regions") {
  std::string rows;
  for (int zone = 0; zone < 17; ++zone)
    rows += "gpu_8x_h100_sxm5,8,1,H100,8,,region-" + std::to_string(zone) + ",,23.92,\n";
  const PriceImport lambda = skypilot("lambda", rows);
  REQUIRE(lambda.offers.size() == 1);
  CHECK(usd(lambda.offers[0]) == Approx(2.99));
  CHECK(lambda.offers[0].note == "the same in 16 more rows");
  const PriceImport aws =
      skypilot("aws",
               "p5,8,1,H100,8,,us-east-1,us-east-1a,55.04,\np5,8,1,H100,8,,us-east-1,us-east-1b,55.04,\n"
               "p5,8,1,H100,8,,us-west-2,us-west-2a,55.04,\n");
  CHECK(aws.offers.size() == 2);
}

TEST_CASE(
    "names of OCI, regions with commas and letters beyond ASCII, counts as text, other orders of columns") {
  const PriceImport oci =
      skypilot("oci", "VM.Standard.E4.Flex$_2_8,,,2,8,,0.05,,r,z\nBM.GPU.H100.8,H100,8.0,112,2048,,80,,r,z\n",
               "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,"
               "AvailabilityZone\n");
  REQUIRE(oci.offers.size() == 1);
  CHECK(usd(oci.offers[0]) == Approx(10.0));
  REQUIRE(oci.dropped.size() == 1);
  CHECK(oci.dropped[0].what == "VM.Standard.E4.Flex$_2_8");
  CHECK(oci.dropped[0].where.line == 2);
  const PriceImport vast = skypilot(
      "vast",
      "2x,H200,2,8,1,\"{'Gpus': [{'Name': 'H200', 'Count': 2.0, 'MemoryInfo': {'SizeInMiB': 287542}}], "
      "'TotalGpuMemoryInMiB': null}\",7.5,3,\"Hafnarfjarðarkaupstaður, IS, EU\"\n",
      "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region\n");
  REQUIRE(vast.offers.size() == 2);
  CHECK(vast.offers[0].region == "Hafnarfjarðarkaupstaður, IS, EU");
  CHECK(usd(vast.offers[0]) == Approx(3.75));
}

TEST_CASE(
    "gpuhunt v2: the instance's price over its GPUs, spot in rows of its own, memory that tells A100s "
    "apart") {
  const PriceImport list =
      import(PriceSource::gpuhunt, "aws",
             v2 + "p4d.24xlarge,us-east-1,21.96,96,1152,8,A100,40,False,,nvidia,,x86,{}\n"
                  "p4d.24xlarge,us-east-1,8,96,1152,8,A100,40.0,True,,nvidia,,x86,{}\n"
                  "p4de.24xlarge,us-east-1,27.44,96,1152,8,A100,80,False,,nvidia,,x86,{}\n"
                  "c5.large,us-east-1,0.08,2,4,0,,,False,,,,x86,\n");
  CHECK(list.offers.size() == 3);
  CHECK(usd(*find(list, "a100-sxm-40gb", on_demand)) == Approx(2.745));
  CHECK(usd(*find(list, "a100-sxm-40gb", spot)) == Approx(1.0));
  CHECK(usd(*find(list, "a100-sxm-80gb", on_demand)) == Approx(3.43));
  CHECK(dropped(list, "host alone"));
}

TEST_CASE("gpuhunt: TPUs by vendor in v2 and by prefix in v1, MI325X is found in spite of its 288 GB") {
  const PriceImport second = import(PriceSource::gpuhunt, "gcp",
                                    v2 + "v5p-8,us-east5,16.8,,,1,v5p,95,False,,google,,,\nv2-8,us-central1,"
                                         "4.5,,,1,v2,8,False,,google,,,\n");
  CHECK(usd(*find(second, "tpu-v5p", on_demand)) == Approx(4.2));
  CHECK(usd(*find(second, "tpu-v2", on_demand)) == Approx(1.125));
  const PriceImport first =
      import(PriceSource::gpuhunt, "gcp",
             "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size\n"
             "v5litepod-4,us-west4,4.8,,,1,tpu-v5litepod,16,False,\n"
             "a3,us-central1,88.5,,,8,H100,80,False,\n");
  CHECK(usd(*find(first, "tpu-v5e", on_demand)) == Approx(1.2));
  CHECK(usd(*find(first, "h100-sxm-80gb", on_demand)) == Approx(11.0625));
  const PriceImport amd = import(PriceSource::gpuhunt, "vultr", v2 + "m,r,16,,,8,MI325X,288,False,,amd,,,\n");
  CHECK(usd(*find(amd, "mi325x", on_demand)) == 2.0);
}

TEST_CASE("gpuhunt: TPU spot above on demand is suspect, SXM and PCIe that the list merged are not guessed") {
  const PriceImport tpu = import(PriceSource::gpuhunt, "gcp",
                                 v2 + "v4-8,us-central2,12.88,,,1,v4,32,False,,google,,,\nv4-8,us-central2,"
                                      "20,,,1,v4,32,True,,google,,,\n");
  CHECK(find(tpu, "tpu-v4", spot)->quality == PriceQuality::c);
  const PriceImport merged =
      import(PriceSource::gpuhunt, "runpod", v2 + "m,r,2,,,1,A100,80,False,,nvidia,,,\n");
  CHECK(merged.offers.empty());
  CHECK(dropped(merged, "may mean several"));
}

TEST_CASE("a list of one's own needs five columns, and knows the longer names of two") {
  const PriceImport list =
      import(PriceSource::csv, "",
             "accelerator,provider,pricing_model,usd_per_gpu_hour,as_of,instance_name\n"
             "H100-SXM-80GB,Mine,reserved_1y,1.8,2026-08-01,box\nh100-sxm-81gb,mine,spot,1,2026-08-01,\n");
  REQUIRE(list.offers.size() == 1);
  CHECK(list.offers[0].provider == "mine");
  CHECK(list.offers[0].pricing == PricingModel::reserved_1y);
  CHECK(dropped(list, "did you mean 'h100-sxm-80gb'?"));
}

TEST_CASE("damaged lists are located errors, not prices") {
  CHECK_THROWS_AS(skypilot("aws", "p5,8,1,H100,8,,r,z,abc,\n"), io::InputError);
  CHECK_THROWS_AS(skypilot("aws", "p5,8,1,H100,8,,r,z,-5,\n"), io::InputError);
  CHECK_THROWS_AS(skypilot("aws", "p5,8,1,H100,8\n"), io::InputError);
  CHECK_THROWS_AS(skypilot("aws", "", "InstanceType,Price\n"), io::InputError);
  CHECK_THROWS_AS(import(PriceSource::gpuhunt, "aws", v2 + "m,r,2,,,1,L4,24,maybe,,nvidia,,,\n"),
                  io::InputError);
  CHECK_THROWS_AS(import(PriceSource::csv, "",
                         "accelerator,provider,pricing,usd_per_gpu_hour,as_of\nl4,x,spot,0,2026-01-01\n"),
                  io::InputError);
  try {
    skypilot("aws", "p5,8,1,H100,8,,r,z,1,\np5,8,1,H100,8,,r,z,1x,\n");
    FAIL("no error");
  } catch (const io::InputError& error) {
    CHECK(error.location.line == 3);
    CHECK(error.location.column == 20);
  }
}

TEST_CASE("a list of one's own has no price of next to nothing, and none of a day that is yet to come") {
  const auto own = [](const std::string& row) {
    return import(PriceSource::csv, "",
                  "accelerator,provider,pricing,usd_per_gpu_hour,as_of\nl4,x,spot," + row + "\n");
  };
  CHECK(own("0.01,2026-08-22").offers.size() == 1);  // it is tomorrow in the east already
  CHECK_THROWS_AS(own("0.00001,2026-08-01"), io::InputError);
  CHECK_THROWS_AS(own("0.5,2026-08-23"), io::InputError);
}

TEST_CASE("a list that is written already is told at its own column, with rows and without") {
  for (const char* rows : {"", "l4,x,spot,1,2026-08-01,day\n"}) {
    CAPTURE(rows);
    try {
      import(PriceSource::csv, "",
             "accelerator,provider,pricing,usd_per_gpu_hour,as_of,date_precision\n" + std::string(rows));
      FAIL("no error");
    } catch (const io::InputError& error) {
      CHECK(error.location.line == 1);
      CHECK(error.location.column == 53);
      CHECK(error.hint == "give it as it is: --prices FILE");
    }
  }
}

TEST_CASE("what is written can be read as a price list, and says the same") {
  const PriceImport list = skypilot("vast", "2x,8,1,H200,2,,\"a, \"\"b\"\"\",,7.1,3\n");
  const auto again = io::read_price_table(table_of(render::price_list_csv(list.offers)));
  REQUIRE(again.size() == list.offers.size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    CHECK(again[i].accelerator == list.offers[i].accelerator);
    CHECK(again[i].region == list.offers[i].region);
    CHECK(again[i].pricing == list.offers[i].pricing);
    CHECK(usd(again[i]) == Approx(usd(list.offers[i])).epsilon(1e-9));
    CHECK(again[i].as_of.last == day);
  }
}
