// SkyPilot: catalogs/<version>/<cloud>/vms.csv. A price is of the whole row; columns come in any order.
#include "io/price_import/rows.h"
#include "io/profile_names.h"

#include <map>
#include <tuple>

namespace trainbudget::io {
namespace {

struct Prices {
  std::optional<double> on_demand, spot;
};

/// Which host a GPU of GCP is sold with: its kind, and whether the host's name tells the number of GPUs.
struct GcpHost {
  std::string_view accelerator;
  std::string_view kind;
};
constexpr GcpHost gcp_hosts[] = {{"A100", "a2-highgpu"},  {"A100-80GB", "a2-ultragpu"},
                                 {"H100", "a3-highgpu"},  {"H100-MEGA", "a3-megagpu"},
                                 {"H200", "a3-ultragpu"}, {"B200", "a4-highgpu"},
                                 {"L4", "g2-standard"}};

/// The GPUs of g2-standard machines by their vCPUs.
std::string g2_host_of(int gpus) {
  const std::map<int, std::string> hosts = {
      {1, "g2-standard-4"}, {2, "g2-standard-24"}, {4, "g2-standard-48"}, {8, "g2-standard-96"}};
  const auto found = hosts.find(gpus);
  return found == hosts.end() ? "" : found->second;
}

std::string gcp_host(const std::string& accelerator, int gpus) {
  for (const GcpHost& host : gcp_hosts) {
    if (host.accelerator != accelerator) continue;
    if (accelerator == "L4") return g2_host_of(gpus);
    const bool mega = accelerator == "A100" && gpus == 16;
    return mega ? "a2-megagpu-16g" : std::string(host.kind) + "-" + std::to_string(gpus) + "g";
  }
  return "";
}

class Skypilot {
 public:
  Skypilot(const ImportRows& rows, PriceImport& import)
      : rows_(rows),
        import_(import),
        instance_(rows.table().column("InstanceType")),
        accelerator_(rows.table().column("AcceleratorName")),
        count_(rows.table().column("AcceleratorCount")),
        price_(rows.table().column("Price")),
        spot_(rows.table().column("SpotPrice")),
        region_(rows.table().column("Region")),
        zone_(rows.table().find_column("AvailabilityZone")) {}

  void read() {
    if (is_gcp()) {
      for (std::size_t row = 0; row < rows_.size(); ++row) {
        if (rows_.text(row, accelerator_).empty())
          hosts_[{rows_.text(row, instance_), place(row)}] = {rows_.price(row, price_),
                                                              rows_.price(row, spot_)};
      }
    }
    for (std::size_t row = 0; row < rows_.size(); ++row)
      read_row(row);
  }

 private:
  bool is_gcp() const { return rows_.request().provider == "gcp"; }
  std::string place(std::size_t row) const {
    const std::string zone = zone_ ? rows_.text(row, *zone_) : "";
    return zone.empty() ? rows_.text(row, region_) : zone;
  }

  void read_row(std::size_t row) {
    const std::string name = rows_.text(row, accelerator_);
    std::string instance = rows_.text(row, instance_);
    const double count = rows_.number(row, count_).value_or(0.0);
    if (name.empty() || count <= 0.0)
      return rows_.drop(row, "no accelerator: a price of a host alone", instance, import_);
    Prices prices{rows_.price(row, price_), rows_.price(row, spot_)};
    if (!prices.on_demand && !prices.spot)
      return rows_.drop(row, "no price: empty, 0 or the sentinel 700", instance.empty() ? name : instance,
                        import_);
    double accelerators = count;
    std::string note;
    std::optional<std::string> profile;
    PriceQuality quality = PriceQuality::a;
    if (name.starts_with("tpu-") && tpu_chips(name) > 0.0) {
      accelerators = count * tpu_chips(name);
      profile = rows_.accelerator(row, name.substr(0, name.rfind('-')), name, "", import_);
      instance = name;
    } else {
      profile = rows_.accelerator(row, name, instance, "", import_);
      if (profile && is_gcp() && instance.empty() &&
          !add_host(row, name, count, instance, prices, quality, note))
        return;
    }
    if (!profile) return;
    if (rows_.request().provider == "mithril") {
      if (prices.on_demand && *prices.on_demand / accelerators == 1.0) prices.on_demand.reset();
      if (!prices.on_demand && !prices.spot)
        return rows_.drop(row, "a reserve bid of an auction, no price", instance, import_);
      note = "auction";
      quality = PriceQuality::c;
    }
    PricingModel pricing = PricingModel::on_demand;
    if (rows_.request().provider == "runpod") {
      if (prices.spot == prices.on_demand) prices.spot.reset();  // SECURE rows repeat their price
      if (instance.find("COMMUNITY") != std::string::npos) pricing = PricingModel::community;
    }
    add(row, *profile, pricing, prices.on_demand, accelerators, instance, quality, note);
    add(row, *profile, PricingModel::spot, prices.spot, accelerators, instance, quality, note);
  }

  /// GCP sells hosts and GPUs apart: the price is that of both, of the same zone.
  bool add_host(std::size_t row, const std::string& name, double count, std::string& instance, Prices& prices,
                PriceQuality& quality, std::string& note) {
    const std::string host = gcp_host(name, static_cast<int>(count));
    if (host.empty()) {
      instance = "gpu alone";
      quality = PriceQuality::c;
      note = "of the GPU alone: any host comes on top";
      return true;
    }
    const auto found = hosts_.find({host, place(row)});
    if (found == hosts_.end() || !(found->second.on_demand || found->second.spot)) {
      rows_.drop(row, "no price of the host that this GPU is sold with", host + " in " + place(row), import_);
      return false;
    }
    const auto both = [](std::optional<double> a, std::optional<double> b) {
      return a && b ? std::optional(*a + *b) : std::nullopt;
    };
    prices = {both(prices.on_demand, found->second.on_demand), both(prices.spot, found->second.spot)};
    instance = host;
    note = "host and GPU rows added";
    return true;
  }

  void add(std::size_t row, const std::string& accelerator, PricingModel pricing,
           const std::optional<double>& usd, double accelerators, const std::string& instance,
           PriceQuality quality, const std::string& note) {
    constexpr double most_usd = 1e4;
    if (!usd) return;
    const double each = *usd / accelerators;
    if (!(each > 0.0) || each > most_usd)
      return rows_.drop(row, "more than 10000 USD for an accelerator-hour", instance, import_);
    const ImportRequest& request = rows_.request();
    import_.offers.push_back({.accelerator = accelerator,
                              .provider = request.provider,
                              .pricing = pricing,
                              .price = usd_per_hour(each),
                              .instance = instance,
                              .gpus_per_instance = accelerators <= 1e6 ? static_cast<int>(accelerators) : 0,
                              .region = rows_.text(row, region_),
                              .as_of = {request.as_of, request.as_of},
                              .date_precision = request.date_precision,
                              .quality = quality,
                              .source = "SkyPilot catalog, " + request.provider,
                              .note = note});
  }

  const ImportRows& rows_;
  PriceImport& import_;
  std::size_t instance_, accelerator_, count_, price_, spot_, region_;
  std::optional<std::size_t> zone_;
  std::map<std::pair<std::string, std::string>, Prices> hosts_;  ///< by instance and zone
};

}  // namespace

void import_skypilot(const ImportRows& rows, PriceImport& import) {
  Skypilot(rows, import).read();
}

}  // namespace trainbudget::io
