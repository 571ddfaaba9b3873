// Every model profile against the count that its makers publish.
#include "catch.h"
#include "io/csv.h"
#include "io/json_text.h"
#include "io/model_file.h"
#include "profiles.h"

#include <cmath>
#include <map>
#include <set>

using namespace trainbudget;

namespace {

const std::map<std::string, ModelProfile>& all_models() {
  static const std::map<std::string, ModelProfile> all = [] {
    std::map<std::string, ModelProfile> read;
    for (ModelProfile& profile : io::read_all_models(profiles::folder()))
      read.emplace(profile.model.name, std::move(profile));
    return read;
  }();
  return all;
}

ModelSummary summary_of(const ModelProfile& profile) {
  return summarize(expand(profile.model), {.length = 2048, .encoder_length = 512});
}

}  // namespace

TEST_CASE("model: at least sixty public models are profiled") {
  CHECK(all_models().size() >= 60);
}

TEST_CASE("model: the computed count of every profile is the published one") {
  int exact = 0;
  for (const auto& [name, profile] : all_models()) {
    CAPTURE(name);
    if (!profile.published) {
      CHECK_FALSE(profile.notes.empty());  // a model without a published count says so
      continue;
    }
    const double error = parameter_error(*profile.published, summary_of(profile));
    CHECK(std::abs(error) <= (profile.published->rounded_to > 1.0 ? profile.published->rounded_to / 2 : 0.0));
    CHECK((profile.published->difference == 0.0) == profile.published->reason.empty());
    if (profile.published->rounded_to == 1.0) ++exact;
  }
  CHECK(exact >= 120);
}

TEST_CASE("model: public counts, gathered apart from the profiles, are met to the unit") {
  const io::CsvTable known = io::read_csv_file(TRAINBUDGET_TEST_DATA_DIR "/known_parameters.csv");
  const std::size_t name = known.column("profile");
  const std::size_t parameters = known.column("parameters");
  const std::size_t active = known.column("active_parameters");
  for (std::size_t row = 0; row < known.rows(); ++row) {
    CAPTURE(std::string(known.field(row, name)));
    const ModelProfile& profile = all_models().at(std::string(known.field(row, name)));
    PublishedParameters published = profile.published.value();
    published.count = std::stod(std::string(known.field(row, parameters)));
    if (published.rounded_to > 1.0) published.difference = 0.0;
    const ModelSummary sum = summary_of(profile);
    CHECK(parameter_error(published, sum) == 0.0);
    if (!known.field(row, active).empty())
      CHECK(sum.total.active_parameters == std::stod(std::string(known.field(row, active))));
  }
}

TEST_CASE("model: no name or alias means two models") {
  std::set<std::string> seen;
  for (const auto& [name, profile] : all_models()) {
    CAPTURE(name);
    CHECK(seen.insert(name).second);
    for (const std::string& alias : profile.aliases)
      CHECK(seen.insert(alias).second);
  }
}

TEST_CASE("model: a profile is found by name, part of a name and alias") {
  const io::ProfileFolder folder = profiles::folder();
  CHECK(io::find_model(folder, "RWKV-7-7.2B", {}).model.name == "rwkv-7-7.2b");
  CHECK(io::find_model(folder, "meta-llama/llama-3.1-8b", {}).model.name == "llama-3-8b");
  CHECK(io::find_model(folder, "mixtral-8x22b", {}).model.name == "mixtral-8x22b");
  CHECK_THROWS_AS(io::find_model(folder, "rwkv-7", {}), io::InputError);
  try {
    io::find_model(folder, "mixtrl-8x7b", {});
    FAIL("found a model that does not exist");
  } catch (const io::InputError& error) {
    CHECK(error.hint.find("mixtral-8x7b") != std::string::npos);
  }
}

TEST_CASE("model: gaps between 6N and the exact count are explained for every profile") {
  for (const auto& [name, profile] : all_models()) {
    CAPTURE(name);
    const ModelSummary sum = summary_of(profile);
    double explained = 0.0;
    for (const double term : sum.gap)
      explained += term;
    CHECK(std::abs(sum.six_n_flops + explained - sum.total.flops()) <= 1e-9 * sum.total.flops());
  }
}

namespace {

const io::YamlNode& child(const io::YamlNode& node, std::string_view key) {
  for (const io::YamlNode::Entry& entry : node.entries) {
    if (entry.key == key) return entry.value;
  }
  FAIL("the schema lacks " + std::string(key));
  return node;
}

/// The schema of one component has the fields of its table, with their bounds.
template <class T>
void check_schema_of(const io::YamlNode& definitions) {
  const io::YamlNode& schema = child(definitions, T::word);
  const io::YamlNode& properties = child(schema, "properties");
  CHECK(properties.entries.size() == T::fields().size());
  std::set<std::string> required;
  for (const io::YamlNode& name : child(schema, "required").items)
    required.insert(name.text);
  for (const auto& field : T::fields()) {
    CAPTURE(std::string(T::word), std::string(field.name));
    const io::YamlNode& property = child(properties, field.name);
    CHECK(child(property, "description").text == field.meaning);
    CHECK(required.count(std::string(field.name)) == (field.required ? 1U : 0U));
    if (field.kind == FieldKind::integer) {
      CHECK(child(property, "minimum").text == std::to_string(field.least));
      CHECK(child(property, "maximum").text == std::to_string(field.most));
    }
    if (field.kind == FieldKind::word) CHECK(child(property, "enum").items.size() == field.words.size());
  }
}

}  // namespace

TEST_CASE("model: the schema has the fields of every component") {
  const io::YamlNode schema = io::read_json_file(TRAINBUDGET_PROFILES_DIR "/../schema/model.schema.json");
  const io::YamlNode& definitions = child(schema, "$defs");
  const auto all = [&]<class... Ts>(const std::variant<std::monostate, Ts...>&) {
    (check_schema_of<Ts>(definitions), ...);
  };
  all(Mixer{});
  all(FeedForward{});
}
