// JSON (RFC 8259): a value, a parser that bears hostile input, a writer.  Neither looks at the locale.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/check.h"

namespace pbgen {

// Whole numbers are std::int64_t where they fit, and doubles without a fraction up to 2^53 become such, so that 64 and 64.0
// are equal; others are double.  Objects keep the order of insertion.
// as_*() are for values whose type is known: another type is the caller's mistake (std::logic_error).
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;  // null
  Json(std::nullptr_t) {}
  Json(std::same_as<bool> auto value) : value_(static_cast<bool>(value)) {}
  Json(double value);
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  Json(Integer value) : value_(static_cast<std::int64_t>(value)) {
    check(std::in_range<std::int64_t>(value), "Json: ", value, " does not fit 64 signed bits");
  }
  Json(const char* text) : value_(std::string(text)) {}
  Json(std::string_view text) : value_(std::string(text)) {}
  Json(std::string text) : value_(std::move(text)) {}
  Json(Array items) : value_(std::move(items)) {}
  Json(Object members) : value_(std::move(members)) {}
  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_number() const { return std::holds_alternative<std::int64_t>(value_) || std::holds_alternative<double>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  bool as_bool() const;
  double as_number() const;
  std::int64_t as_integer() const;
  const std::string& as_string() const&;
  const Array& as_array() const&;
  const Object& as_object() const&;
  // A temporary gives values: a range-based for would outlive a reference.
  std::string as_string() && { return std::as_const(*this).as_string(); }
  Array as_array() && { return std::as_const(*this).as_array(); }
  Object as_object() && { return std::as_const(*this).as_object(); }

  // The member of that name, or nullptr where there is none or this is no object.  Linear in the number of members.
  const Json* find(std::string_view key) const;

  // Adds the member, or replaces its value where it is.  Linear, as find.
  Json& set(std::string_view key, Json value);
  Json& push_back(Json value);

  // indent 0: one line without spaces.  Else one member or item a line, but arrays of plain values on one line.
  // Doubles are the shortest text that reads back as the same; non-finite ones, for which JSON has no word, are null.
  // Control characters, those of U+007F to U+009F among them, are escaped.  Bytes that are no UTF-8, of which file names may consist,
  // are the escapes \udc80 to \udcff: the text is always valid, parse_json gives the bytes back, and Python's json.loads a
  // name that its open() understands (surrogateescape).
  std::string text(int indent = 0) const;

  bool operator==(const Json&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

inline constexpr int kMaxJsonDepth = 64;

// Bytes of memory per byte of text that parse_json takes at most, its result included, beside some kilobytes.
inline constexpr std::int64_t kJsonMemoryFactor = 100;

// One value and nothing after it.  Refused with Error(kind) "name:line:column: what is wrong": anything outside the
// grammar, invalid UTF-8, lone surrogates but those that text() writes for bytes, numbers beyond double, a key twice in an object,
// more than kMaxJsonDepth levels.  Memory is bounded by kJsonMemoryFactor: bound the text.
Json parse_json(std::string_view text, ErrorKind kind, std::string_view name);

}  // namespace pbgen
