#include "core/files/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/base/utf8.h"
#include "core/files/file_kind.h"

namespace pbgen {
namespace {

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
constexpr std::size_t kMaxShownBytes = 64;             // of a key, in a message

// Bytes that are no UTF-8 are lone low surrogates in the text: U+DC80 for 80, U+DCFF for ff.
constexpr std::uint32_t kByteSurrogates = 0xdc00;

class Parser {
 public:
  Parser(std::string_view text, ErrorKind kind, std::string_view name) : text_(text), kind_(kind), name_(name) {}

  Json document() {
    Json result = value(0);
    skip_space();
    if (at_ < text_.size()) refuse("expected nothing after the value");
    return result;
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    const std::string_view before = text_.substr(0, at_);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0
    fail(kind_, name_, ":", line, ":", at_ - line_start + 1, ": ", what);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
  }

  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Json value(int depth) {
    skip_space();
    switch (peek()) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': return string();
      case 't':
        if (take("true")) return true;
        break;
      case 'f':
        if (take("false")) return false;
        break;
      case 'n':
        if (take("null")) return nullptr;
        break;
      default:
        if (peek() == '-' || is_digit(peek())) return number();
    }
    refuse(at_ < text_.size() ? "expected a value" : "ends where a value is expected");
  }

  void check_depth(int depth) const {
    if (depth >= kMaxJsonDepth) refuse(concat("nested deeper than ", kMaxJsonDepth, " levels"));
  }

  Json array(int depth) {
    check_depth(depth);
    ++at_;
    Json::Array items;
    skip_space();
    if (take("]")) return items;
    while (true) {
      items.push_back(value(depth + 1));
      skip_space();
      if (take("]")) return items;
      if (!take(",")) refuse("expected ',' or ']'");
    }
  }

  Json object(int depth) {
    check_depth(depth);
    ++at_;
    Json::Object members;
    skip_space();
    if (take("}")) return members;
    while (true) {
      skip_space();
      if (peek() != '"') refuse("expected a key in double quotes");
      std::string key = string();
      skip_space();
      if (!take(":")) refuse("expected ':'");
      members.emplace_back(std::move(key), value(depth + 1));
      skip_space();
      if (peek() == '}') break;
      if (!take(",")) refuse("expected ',' or '}'");
    }
    refuse_duplicates(members);
    ++at_;
    return members;
  }

  // Sorted, not compared in pairs: an object of a million keys must not take an hour.
  void refuse_duplicates(const Json::Object& members) const {
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const Json::Member& member : members) keys.push_back(member.first);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice == keys.end()) return;
    refuse(concat("the object that ends here has the key ", Json(twice->substr(0, kMaxShownBytes)).text(), " twice"));
  }

  std::string string() {
    ++at_;
    std::string result;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return result;
      }
      if (c == '\\') {
        escape(result);
        continue;
      }
      if (static_cast<unsigned char>(c) < 0x20) refuse("a control character inside a string: write it as an escape");
      const std::size_t length = utf8_length(text_.substr(at_));
      if (length == 0) refuse("not UTF-8");
      result.append(text_, at_, length);
      at_ += length;
    }
    refuse("ends inside a string");
  }

  void escape(std::string& result) {
    ++at_;
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const std::size_t simple = at_ < text_.size() ? kLetters.find(text_[at_]) : std::string_view::npos;
    if (simple != std::string_view::npos) {
      result.push_back(kMeanings[simple]);
      ++at_;
      return;
    }
    if (!take("u")) refuse("expected one of \" \\ / b f n r t u after a backslash");
    std::uint32_t code = four_hex_digits();
    if (code >= kByteSurrogates + 0x80 && code <= kByteSurrogates + 0xff) {
      result.push_back(static_cast<char>(code - kByteSurrogates));
      return;
    }
    if (code >= 0xdc00 && code <= 0xdfff) refuse("a low surrogate without the high one before it");
    if (code >= 0xd800 && code <= 0xdbff) {
      if (!take("\\u")) refuse("a high surrogate without the low one after it");
      const std::uint32_t low = four_hex_digits();
      if (low < 0xdc00 || low > 0xdfff) refuse("a high surrogate without the low one after it");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(result, code);
  }

  std::uint32_t four_hex_digits() {
    std::uint32_t code = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 4 || error != std::errc() || end != digits.data() + 4) refuse("expected four hexadecimal digits after \\u");
    at_ += 4;
    return code;
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  void digits() {
    if (!is_digit(peek())) refuse("expected a digit");
    while (is_digit(peek())) ++at_;
  }

  // The grammar first: from_chars takes more (01, inf) and less (it stops at what it does not know).
  Json number() {
    const std::size_t begin = at_;
    const bool negative = take("-");
    if (take("0")) {
      if (is_digit(peek())) refuse("a number must not begin with 0");
    } else {
      digits();
    }
    bool whole = true;
    if (take(".")) {
      whole = false;
      digits();
    }
    if (take("e") || take("E")) {
      whole = false;
      if (!take("+")) take("-");
      digits();
    }
    const char* first = text_.data() + begin;
    const char* last = text_.data() + at_;
    std::int64_t integer = 0;
    if (whole && std::from_chars(first, last, integer).ec == std::errc() && !(negative && integer == 0)) return integer;
    double real = 0.0;
    if (std::from_chars(first, last, real).ec != std::errc()) {
      at_ = begin;
      refuse("a number outside the range of double");
    }
    return real;
  }

  std::string_view text_;
  ErrorKind kind_;
  std::string_view name_;
  std::size_t at_ = 0;
};

void append_escape(std::string& out, std::uint32_t code) {
  char escaped[8];
  std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(code));
  out += escaped;
}

// C0, DEL or C1.
bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

void write_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (length == 0) {
      append_escape(out, kByteSurrogates + static_cast<unsigned char>(c));
    } else if (const char32_t code = utf8_code(text); is_control(code)) {
      append_escape(out, static_cast<std::uint32_t>(code));
    } else {
      out.append(text, 0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out.push_back('"');
}

template <class Number>
void write_number(std::string& out, Number value) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void write(std::string& out, const Json& json, int indent, int depth) {
  const auto new_line = [&](int levels) {
    if (indent == 0) return;
    out.push_back('\n');
    out.append(static_cast<std::size_t>(indent * levels), ' ');
  };
  if (json.is_null()) {
    out += "null";
  } else if (json.is_bool()) {
    out += json.as_bool() ? "true" : "false";
  } else if (json.is_string()) {
    write_string(out, json.as_string());
  } else if (json.is_integer()) {
    write_number(out, json.as_integer());
  } else if (json.is_number()) {
    if (std::isfinite(json.as_number())) write_number(out, json.as_number());
    else out += "null";
  } else if (json.is_array()) {
    const Json::Array& items = json.as_array();
    const bool plain = std::none_of(items.begin(), items.end(), [](const Json& item) { return item.is_array() || item.is_object(); });
    out.push_back('[');
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out += indent > 0 && plain ? ", " : ",";
      if (!plain) new_line(depth + 1);
      write(out, items[i], indent, depth + 1);
    }
    if (!plain) new_line(depth);
    out.push_back(']');
  } else {
    const Json::Object& members = json.as_object();
    out.push_back('{');
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out.push_back(',');
      new_line(depth + 1);
      write_string(out, members[i].first);
      out += indent > 0 ? ": " : ":";
      write(out, members[i].second, indent, depth + 1);
    }
    if (!members.empty()) new_line(depth);
    out.push_back('}');
  }
}

}  // namespace

Json::Json(double value) : value_(value) {
  const bool whole = std::fabs(value) <= kExactIntegers && std::floor(value) == value;
  const bool negative_zero = value == 0.0 && std::signbit(value);
  if (whole && !negative_zero) value_ = static_cast<std::int64_t>(value);
}

bool Json::as_bool() const {
  check(is_bool(), "Json: not a boolean");
  return std::get<bool>(value_);
}

double Json::as_number() const {
  check(is_number(), "Json: not a number");
  const double* real = std::get_if<double>(&value_);
  return real != nullptr ? *real : static_cast<double>(std::get<std::int64_t>(value_));
}

std::int64_t Json::as_integer() const {
  check(is_integer(), "Json: not a whole number");
  return std::get<std::int64_t>(value_);
}

const std::string& Json::as_string() const& {
  check(is_string(), "Json: not a string");
  return std::get<std::string>(value_);
}

const Json::Array& Json::as_array() const& {
  check(is_array(), "Json: not an array");
  return std::get<Array>(value_);
}

const Json::Object& Json::as_object() const& {
  check(is_object(), "Json: not an object");
  return std::get<Object>(value_);
}

const Json* Json::find(std::string_view key) const {
  const Object* members = std::get_if<Object>(&value_);
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->begin(), members->end(), [&](const Member& member) { return member.first == key; });
  return found != members->end() ? &found->second : nullptr;
}

Json& Json::set(std::string_view key, Json value) {
  check(is_object(), "Json: set on what is no object");
  if (const Json* found = find(key)) const_cast<Json&>(*found) = std::move(value);
  else std::get<Object>(value_).emplace_back(key, std::move(value));
  return *this;
}

Json& Json::push_back(Json value) {
  check(is_array(), "Json: push_back on what is no array");
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

std::string Json::text(int indent) const {
  std::string out;
  write(out, *this, indent, 0);
  return out;
}

Json parse_json(std::string_view text, ErrorKind kind, std::string_view name) {
  if (is_surely_no_text(text)) fail(kind, name, ": ", wrong_kind(text, "JSON"));
  return Parser(text, kind, name).document();
}

}  // namespace pbgen
