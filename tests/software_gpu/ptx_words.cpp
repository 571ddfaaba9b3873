#include "ptx_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace software_gpu {

namespace {

template <class Value>
using Names = std::vector<std::pair<std::string_view, Value>>;

const Names<Type> types{
    {"pred", Type::pred},     {"b8", Type::b8},       {"u8", Type::u8},         {"s8", Type::s8},
    {"b16", Type::b16},       {"u16", Type::u16},     {"s16", Type::s16},       {"f16", Type::f16},
    {"bf16", Type::bf16},     {"b32", Type::b32},     {"u32", Type::u32},       {"s32", Type::s32},
    {"f32", Type::f32},       {"f16x2", Type::f16x2}, {"bf16x2", Type::bf16x2}, {"b64", Type::b64},
    {"u64", Type::u64},       {"s64", Type::s64},     {"f64", Type::f64},       {"e4m3x2", Type::e4m3x2},
    {"e5m2x2", Type::e5m2x2}, {"b128", Type::b128}};

const Names<Space> spaces{{"global", Space::global}, {"const", Space::constant},
                          {"shared", Space::shared}, {"shared::cta", Space::shared},
                          {"local", Space::local},   {"param", Space::param}};

const Names<Opcode> opcodes{
    {"abs", Opcode::abs},           {"add", Opcode::add},           {"and", Opcode::and_},
    {"bfi", Opcode::bfi},           {"bra", Opcode::bra},           {"clz", Opcode::clz},
    {"copysign", Opcode::copysign}, {"cos", Opcode::cos},           {"cvt", Opcode::cvt},
    {"cvta", Opcode::cvta},         {"div", Opcode::div},           {"ex2", Opcode::ex2},
    {"exit", Opcode::ret},          {"fma", Opcode::fma},           {"ld", Opcode::ld},
    {"lg2", Opcode::lg2},           {"mad", Opcode::mad},           {"max", Opcode::max},
    {"min", Opcode::min},           {"mov", Opcode::mov},           {"mul", Opcode::mul},
    {"neg", Opcode::neg},           {"not", Opcode::not_},          {"or", Opcode::or_},
    {"popc", Opcode::popc},         {"prefetch", Opcode::prefetch}, {"prmt", Opcode::prmt},
    {"rcp", Opcode::rcp},           {"rem", Opcode::rem},           {"ret", Opcode::ret},
    {"rsqrt", Opcode::rsqrt},       {"selp", Opcode::selp},         {"setp", Opcode::setp},
    {"shfl", Opcode::shfl},         {"shl", Opcode::shl},           {"shr", Opcode::shr},
    {"sin", Opcode::sin},           {"sqrt", Opcode::sqrt},         {"st", Opcode::st},
    {"sub", Opcode::sub},           {"tanh", Opcode::tanh},         {"xor", Opcode::xor_}};

const Names<Comparison> comparisons{
    {"eq", Comparison::eq},   {"ne", Comparison::ne},   {"lt", Comparison::lt},   {"le", Comparison::le},
    {"gt", Comparison::gt},   {"ge", Comparison::ge},   {"lo", Comparison::lt},   {"ls", Comparison::le},
    {"hi", Comparison::gt},   {"hs", Comparison::ge},   {"equ", Comparison::equ}, {"neu", Comparison::neu},
    {"ltu", Comparison::ltu}, {"leu", Comparison::leu}, {"gtu", Comparison::gtu}, {"geu", Comparison::geu},
    {"num", Comparison::num}, {"nan", Comparison::nan}};

const Names<Rounding> roundings{{"rn", Rounding::nearest},
                                {"rz", Rounding::zero},
                                {"rm", Rounding::down},
                                {"rp", Rounding::up},
                                {"rni", Rounding::nearest_integer},
                                {"rzi", Rounding::zero_integer},
                                {"rmi", Rounding::down_integer},
                                {"rpi", Rounding::up_integer}};

const Names<Exchange> exchanges{
    {"bfly", Exchange::butterfly}, {"down", Exchange::down}, {"up", Exchange::up}, {"idx", Exchange::index}};

const Names<Join> joins{{"and", Join::and_}, {"or", Join::or_}, {"xor", Join::xor_}};

// They change how fast an access or an instruction is here, or how it is ordered, and not what it gives to
// threads that run in turns.
constexpr std::array<std::string_view, 23> without_effect{"uni",
                                                          "nc",
                                                          "volatile",
                                                          "relaxed",
                                                          "weak",
                                                          "cg",
                                                          "ca",
                                                          "cs",
                                                          "lu",
                                                          "wb",
                                                          "L1",
                                                          "L2",
                                                          "aligned",
                                                          "sync",
                                                          "gpu",
                                                          "sys",
                                                          "L1::no_allocate",
                                                          "L2::128B",
                                                          "L2::256B",
                                                          "L1::evict_last",
                                                          "L1::evict_first",
                                                          "L1::evict_normal",
                                                          "L2::evict_last"};

constexpr std::array<std::string_view, 15> special_registers{
    "%tid.x",   "%tid.y",    "%tid.z",    "%ntid.x",   "%ntid.y", "%ntid.z", "%ctaid.x",    "%ctaid.y",
    "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "%warpid", "%globaltimer"};

template <class Value>
std::optional<Value> named(const Names<Value>& names, std::string_view name) {
  for (const auto& [known, value] : names) {
    if (known == name) return value;
  }
  return std::nullopt;
}

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '%' || c == '.';
}

void modifier(const std::string& word, const std::string& part, Instruction& made) {
  if (const auto type = named(types, part)) {
    (made.type == Type::none ? made.type : made.source) = *type;
  } else if (const auto comparison = named(comparisons, part); comparison && made.opcode == Opcode::setp) {
    made.comparison = *comparison;
  } else if (const auto join = named(joins, part); join && made.opcode == Opcode::setp) {
    made.join = *join;
  } else if (const auto exchange = named(exchanges, part); exchange && made.opcode == Opcode::shfl) {
    made.exchange = *exchange;
  } else if (part == "lo") {
    made.part = Part::low;
  } else if (part == "hi") {
    made.part = Part::high;
  } else if (part == "wide") {
    made.part = Part::wide;
  } else if (const auto rounding = named(roundings, part)) {
    made.rounding = *rounding;
  } else if (const auto space = named(spaces, part)) {
    made.space = *space;
  } else if (part == "approx" || part == "full") {
    made.approximate = true;
  } else if (part == "ftz") {
    made.flush = true;
  } else if (part == "sat" || part == "satfinite") {
    made.saturate = true;
  } else if (part == "relu") {
    made.relu = true;
  } else if (part == "to") {
    made.to_space = true;
  } else if (part != "v2" && part != "v4" &&
             std::find(without_effect.begin(), without_effect.end(), part) == without_effect.end()) {
    throw PtxError("unknown part ." + part + " of " + word);
  }
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < text.size();) {
    if (std::isspace(static_cast<unsigned char>(text[i])) != 0) {
      ++i;
    } else if (text.substr(i, 2) == "//") {
      i = std::min(text.find('\n', i), text.size());
    } else if (text.substr(i, 2) == "/*") {
      i = text.find("*/", i) + 2;
    } else if (text[i] == '"') {
      const std::size_t end = text.find('"', i + 1);
      words.emplace_back(text.substr(i, end + 1 - i));
      i = end + 1;
    } else if (in_word(text[i])) {
      std::size_t end = i;
      while (end < text.size() && (in_word(text[end]) || text.substr(end, 2) == "::" ||
                                   (end > i && text.substr(end - 1, 2) == "::")))
        ++end;
      words.emplace_back(text.substr(i, end - i));
      i = end;
    } else {
      words.emplace_back(1, text[i++]);
    }
  }
  return words;
}

bool is_number(std::string_view word) {
  return !word.empty() && (std::isdigit(static_cast<unsigned char>(word[0])) != 0);
}

std::uint64_t number(const std::string& word) {
  if (word.size() > 2 && word[0] == '0' &&
      (word[1] == 'f' || word[1] == 'F' || word[1] == 'd' || word[1] == 'D'))
    return std::strtoull(word.c_str() + 2, nullptr, 16);
  if (word.find('.') != std::string::npos) throw PtxError("a number that is not in hexadecimal: " + word);
  return std::strtoull(word.c_str(), nullptr, 0);
}

std::optional<Type> type_named(std::string_view name) {
  return named(types, name);
}

std::optional<Space> space_named(std::string_view name) {
  return named(spaces, name);
}

bool is_special_register(std::string_view name) {
  return std::find(special_registers.begin(), special_registers.end(), name) != special_registers.end();
}

void describe(const std::string& word, Instruction& made) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= word.size();) {
    const std::size_t end = std::min(word.find('.', start), word.size());
    parts.push_back(word.substr(start, end - start));
    start = end + 1;
  }
  if (parts[0] == "bar" || parts[0] == "barrier") {
    made.opcode = parts.size() > 1 && parts[1] == "warp" ? Opcode::bar_warp : Opcode::bar_sync;
    return;
  }
  const auto opcode = named(opcodes, parts[0]);
  if (!opcode) throw PtxError("unknown instruction " + word);
  made.opcode = *opcode;
  for (std::size_t i = 1; i < parts.size(); ++i)
    modifier(word, parts[i], made);
}

}  // namespace software_gpu
