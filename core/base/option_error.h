// Errors that name options.
//
// The engine knows an option as the field of a structure: TrainerOptions::batch is "batch".  How a user gives it is the caller's
// matter: tools have flags.  So the message is kept in parts, and a caller may say how each option in it is called.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"

namespace pbgen {

// An option in a message: OptionName{"batch"}.
struct OptionName {
  std::string field;
};

class OptionError : public Error {
 public:
  struct Part {
    std::string text;  // what is said, or the field
    bool is_option = false;
  };
  // what() has the fields as they are.
  OptionError(ErrorKind kind, std::vector<Part> parts)
      : Error(kind, joined(parts, [](const std::string& field) { return field; })), parts_(std::move(parts)) {}

  // The message with name_of(field) in the place of each option: std::string(const std::string& field).
  template <class NameOf>
  std::string message(NameOf name_of) const {
    return joined(parts_, name_of);
  }

 private:
  template <class NameOf>
  static std::string joined(const std::vector<Part>& parts, NameOf name_of) {
    std::string text;
    for (const Part& part : parts) text += part.is_option ? name_of(part.text) : part.text;
    return text;
  }

  std::vector<Part> parts_;
};

// The field, its value, and what was expected of it: "batch 12: expected a multiple of 8".  Of ErrorKind::usage.
class InvalidOption : public OptionError {
 public:
  template <class Value>
  InvalidOption(std::string field, const Value& value, std::string rule)
      : InvalidOption(std::move(field), concat(value), std::move(rule), 0) {}

  const std::string& field() const { return field_; }
  const std::string& value() const { return value_; }
  const std::string& rule() const { return rule_; }

 private:
  InvalidOption(std::string field, std::string value, std::string rule, int)
      : OptionError(ErrorKind::usage, {{field, true}, {concat(" ", value.empty() ? "''" : value, ": expected ", rule)}}),
        field_(std::move(field)),
        value_(std::move(value)),
        rule_(std::move(rule)) {}

  std::string field_;
  std::string value_;
  std::string rule_;
};

template <class Text>
OptionError::Part message_part(const Text& text) {
  return {concat(text), false};
}
inline OptionError::Part message_part(const OptionName& option) { return {option.field, true}; }

// As fail() of check.h, for a message some of whose parts are OptionName.
template <class... Parts>
[[noreturn]] void fail_naming_options(ErrorKind kind, const Parts&... parts) {
  throw OptionError(kind, {message_part(parts)...});
}

}  // namespace pbgen
