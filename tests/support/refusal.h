// How code refuses what it is given: the message of the Error that it throws, for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/base/check.h"

namespace pbgen {

// The message with which `body` refuses, "accepted" where it does not.  An Error of another kind fails the test.
template <class Body>
std::string refusal(ErrorKind kind, const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "accepted";
}

// The same, which fails the test where `body` does not refuse, or where the message does not begin so: with a file's or a flag's name.
template <class Body>
std::string expect_refusal(ErrorKind kind, std::string_view beginning, const Body& body) {
  std::string message = refusal(kind, body);
  EXPECT_NE(message, "accepted") << "expected: " << beginning;
  EXPECT_TRUE(message.starts_with(beginning)) << message;
  return message;
}

}  // namespace pbgen
