#include "catch.h"
#include "input_error_of.h"
#include "io/csv.h"
#include "io/price_table.h"
#include "io/text_source.h"

#include <string>
#include <string_view>
#include <vector>

using namespace trainbudget;
using namespace trainbudget::io;

namespace {

CsvTable table_of(const std::string& text) {
  return CsvTable(checked_source(text, "f.csv", largest_csv_bytes), "f.csv");
}

InputError error_in(const std::string& text) {
  return input_error_of([&] { table_of(text); });
}

}  // namespace

TEST_CASE("a CSV table is read by column name") {
  const CsvTable table =
      table_of("\xEF\xBB\xBFname,price,note\r\na100,1.5,\r\nh100,2,\"x, \"\"y\"\"\nz\"\r\n");
  REQUIRE(table.rows() == 2);
  CHECK(table.field(0, table.column("name")) == "a100");
  CHECK(table.field(0, table.column("note")).empty());
  CHECK(table.field(1, table.column("price")) == "2");
  CHECK(table.field(1, table.column("note")) == "x, \"y\"\nz");
}

TEST_CASE("the last line end and blank lines do not matter") {
  CHECK(table_of("a,b\n1,2").rows() == 1);
  CHECK(table_of("a,b\n\n1,2\n\n").rows() == 1);
  CHECK(table_of("a,b\n").rows() == 0);
  CHECK(table_of("a\n\"\"\nx\n").rows() == 2);
}

TEST_CASE("a row and a field know their place") {
  const CsvTable table = table_of("a,b\n\"1\n,2\",x\n\n\"3\",\"y\"\n");
  CHECK(table.location(0).line == 2);
  CHECK(table.location(1).line == 5);
  CHECK(table.location(0, 0).line == 2);
  CHECK(table.location(0, 1).line == 3);
  CHECK(table.location(0, 1).column == 5);
  CHECK(table.location(1, 1).column == 5);
}

TEST_CASE("a column's name has a place, whether or not rows follow") {
  const CsvTable table = table_of("a,\"b, \"\"c\"\"\",d\n");
  CHECK(table.header_location(0).column == 1);
  CHECK(table.header_location(2).line == 1);
  CHECK(table.header_location(2).column == 14);
  const std::vector<std::string_view> known = {"a", "d"};
  const InputError error = input_error_of([&] { table.check_columns(known); });
  CHECK(std::string(error.what()) == "unknown column 'b, \"c\"'");
  CHECK(error.location.line == 1);
  CHECK(error.location.column == 3);
}

TEST_CASE("what is no CSV is refused at its place") {
  CHECK_THAT(error_in("").what(), ContainsSubstring("empty"));
  CHECK_THAT(error_in("a,a\n").what(), ContainsSubstring("duplicate column 'a'"));
  CHECK_THAT(error_in("a,\n").what(), ContainsSubstring("a column has no name"));
  const InputError ragged = error_in("a,b\n1,2\n1,2,3\n");
  CHECK(std::string(ragged.what()) == "the row has 3 fields, the header 2");
  CHECK(ragged.location.line == 3);
  const InputError open = error_in("a,b\n1,\"2\n3,4\n");
  CHECK(std::string(open.what()) == "the quote is never closed");
  CHECK(open.location.line == 2);
  CHECK(open.location.column == 3);
  CHECK_THAT(error_in("a,b\n\"1\"x,2\n").what(), ContainsSubstring("text follows a closing quote"));
  CHECK_THAT(error_in("a,b\n1,2\"\n").what(), ContainsSubstring("a quote inside an unquoted field"));
  CHECK_THAT(error_in("a,b\n1,\r2\n").what(), ContainsSubstring("carriage return"));
}

TEST_CASE("a table of a spreadsheet with semicolons is told as such") {
  const InputError error = error_in("name;price\na;1,5\n");
  CHECK(std::string(error.what()) == "the columns are separated by ';', and ',' is wanted");
  CHECK(error.location.line == 1);
  CHECK_THAT(error.hint, ContainsSubstring("points in the numbers"));
  CHECK(table_of("name;of,price\na,1\n").rows() == 1);
}

TEST_CASE("columns have a limit, and a long header costs no time") {
  std::string header = "c0";
  for (int i = 1; i < 200'000; ++i)
    header += ",c" + std::to_string(i);
  CHECK_THAT(error_in(header + "\n").what(), ContainsSubstring("too many columns"));
}

TEST_CASE("a missing column is named with the nearest one") {
  const CsvTable table = table_of("name,price\n");
  CHECK(input_error_of([&] { static_cast<void>(table.column("prise")); }).hint == "did you mean 'price'?");
}

TEST_CASE("an error in a price list stands at its field") {
  const std::string header =
      "accelerator,provider,pricing,usd_per_gpu_hour,instance,gpus_per_instance,region,as_of,date_precision,"
      "quality,source,"
      "note\n";
  const auto error = [&](const std::string& row) {
    return input_error_of([&] { read_price_table(table_of(header + row)); });
  };
  const InputError count = error("a100,aws,spot,1.5,p4d,1e300,x,2024-06-01,day,A,y,\n");
  CHECK_THAT(count.what(), ContainsSubstring("a whole number of GPUs"));
  CHECK(count.location.line == 2);
  CHECK(count.location.column == 23);
  CHECK(error("a100,aws,spott,1.5,p4d,8,x,2024-06-01,day,A,y,\n").location.column == 10);
  CHECK(error("a100,aws,spot,1.5,p4d,8,x,2024-02-30,day,A,y,\n").location.column == 27);
}
