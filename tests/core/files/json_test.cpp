// JSON: what is read, what is refused and where, and that what is written reads back.
#include "core/files/json.h"
#include "tests/support/refusal.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <cmath>
#include <limits>
#include <locale>

namespace pbgen {
namespace {

Json parse(std::string_view text) { return parse_json(text, ErrorKind::data, "file"); }

std::string refusal(std::string_view text) {
  return refusal(ErrorKind::data, [&] { parse(text); });
}

TEST(Json, AllKindsOfValuesAreRead) {
  const Json json = parse(" {\"n\": null, \"t\": true,\r\n\t\"f\": false, \"i\": -12, \"d\": 1.5e2, \"s\": \"x\", \"a\": [1, [], {}]} ");
  EXPECT_TRUE(json.find("n")->is_null());
  EXPECT_TRUE(json.find("t")->as_bool());
  EXPECT_FALSE(json.find("f")->as_bool());
  EXPECT_EQ(json.find("i")->as_integer(), -12);
  EXPECT_EQ(json.find("d")->as_number(), 150.0);
  EXPECT_EQ(json.find("s")->as_string(), "x");
  ASSERT_EQ(json.find("a")->as_array().size(), 3u);
  EXPECT_TRUE(json.find("a")->as_array()[2].is_object());
  EXPECT_EQ(json.find("z"), nullptr);
  EXPECT_EQ(Json(1).find("z"), nullptr);
}

TEST(Json, ObjectsKeepTheirOrder) {
  EXPECT_EQ(parse(R"({"b":1,"a":2,"":3})").text(), R"({"b":1,"a":2,"":3})");
}

TEST(Json, IntegersAreExactOverAll64Bits) {
  EXPECT_EQ(parse("9223372036854775807").as_integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse("-9223372036854775808").text(), "-9223372036854775808");
  EXPECT_EQ(parse("9007199254740993").as_integer(), 9007199254740993);
  EXPECT_FALSE(parse("9223372036854775808").is_integer());
  EXPECT_TRUE(parse("1e3").is_integer());
  EXPECT_FALSE(parse("1.5").is_integer());
  EXPECT_TRUE(std::signbit(parse("-0").as_number()));
}

TEST(Json, DoublesAreWrittenAsTheShortestTextThatReadsBackTheSame) {
  for (const double value : {0.1, -0.0, 1e-300, 5e-324, 1.7976931348623157e308, 1.0 / 3.0, 6.02e23, 123456789.125}) {
    const std::string text = Json(value).text();
    const double back = parse(text).as_number();
    EXPECT_EQ(back, value) << text;
    EXPECT_EQ(std::signbit(back), std::signbit(value)) << text;
  }
  EXPECT_EQ(Json(0.1).text(), "0.1");
  EXPECT_EQ(Json(64.0).text(), "64");
  EXPECT_EQ(Json(std::numeric_limits<double>::quiet_NaN()).text(), "null");
  EXPECT_EQ(Json(-std::numeric_limits<double>::infinity()).text(), "null");
}

TEST(Json, NumbersAreReadByTheGrammarAlone) {
  for (const char* text : {"01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "inf", "NaN", "-inf", "1,5", "1e999", "- 1"})
    EXPECT_NE(refusal(text), "accepted") << text;
  EXPECT_EQ(refusal("[1, 1e999]"), "file:1:5: a number outside the range of double");
}

struct DecimalComma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

TEST(Json, TheLocaleDoesNotMatter) {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new DecimalComma));
  const std::string text = Json(Json::Array{1.5, 1234567}).text();
  const double value = parse("1.5").as_number();
  std::locale::global(before);
  EXPECT_EQ(text, "[1.5,1234567]");
  EXPECT_EQ(value, 1.5);
}

TEST(Json, EscapesAreReadAndWritten) {
  EXPECT_EQ(parse(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00\u0000")").as_string(),
            std::string("\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0", 19));
  EXPECT_EQ(Json(std::string("a\"\\\n\t\x01\0/", 8)).text(), R"("a\"\\\n\t\u0001\u0000/")");
}

TEST(Json, LoneSurrogatesAndBrokenEscapesAreRefused) {
  for (const char* text : {R"("\ud800")", R"("\ud800x")", R"("\ud800\n")", R"("\ud800\u0041")", R"("\ude00")", R"("\udc7f")", R"("\udd00")",
                           R"("\u12")", R"("\u12g4")", R"("\u-123")", R"("\x41")", R"("\)", R"("\u)", R"("abc)", "\"a\nb\"", "\"a\x01\""})
    EXPECT_NE(refusal(text), "accepted") << text;
}

TEST(Json, OnlyValidUtf8IsReadAndOnlyValidUtf8IsWritten) {
  for (const char* valid :
       {"\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    const std::string text = concat('"', valid, '"');
    EXPECT_EQ(parse(text).text(), text);
  }
  EXPECT_EQ(Json("caf\xe9").text(), R"("caf\udce9")");  // as Python's surrogateescape
  for (const char* broken : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82", "\xf0\x8f\xbf\xbf",
                             "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_EQ(refusal(concat("\"a", broken, "\"")), "file:1:3: not UTF-8");
    const std::string written = Json(concat('a', broken, 'b')).text();
    EXPECT_TRUE(std::all_of(written.begin(), written.end(), [](char c) { return c >= 0x20 && c < 0x7f; })) << written;
    EXPECT_EQ(parse(written).as_string(), concat('a', broken, 'b')) << "and reads back as the same bytes";
  }
}

TEST(Json, RefusalsNameLineAndColumn) {
  EXPECT_EQ(refusal("{\n  \"a\": 1,\n  \"b\" 2\n}"), "file:3:7: expected ':'");
  EXPECT_EQ(refusal(""), "file:1:1: ends where a value is expected");
  EXPECT_EQ(refusal("[1,]"), "file:1:4: expected a value");
  EXPECT_EQ(refusal("[1 2]"), "file:1:4: expected ',' or ']'");
  EXPECT_EQ(refusal("{\"a\":1,}"), "file:1:8: expected a key in double quotes");
  EXPECT_EQ(refusal("1 1"), "file:1:3: expected nothing after the value");
  EXPECT_EQ(refusal("tru"), "file:1:1: expected a value");
  EXPECT_EQ(refusal(std::string_view("1\0", 2)), "file:1:2: expected nothing after the value");
}

TEST(Json, AKeyTwiceIsRefused) {
  EXPECT_EQ(refusal(R"({"a":1,"b":2,"\u0061":3})"), "file:1:24: the object that ends here has the key \"a\" twice");
  EXPECT_EQ(refusal(R"({"a":{"a":1}})"), "accepted");
}

TEST(Json, DepthIsBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(refusal(nested(kMaxJsonDepth)), "accepted");
  EXPECT_EQ(refusal(nested(kMaxJsonDepth + 1)), concat("file:1:", kMaxJsonDepth + 1, ": nested deeper than ", kMaxJsonDepth, " levels"));
  EXPECT_NE(refusal(std::string(1 << 20, '[')), "accepted");
}

TEST(Json, AnObjectOfManyKeysIsReadInReasonableTime) {
  std::string text = "{\"k\":0";
  for (int i = 0; i < 50000; ++i) text += concat(",\"k", i, "\":", i);
  EXPECT_EQ(parse(text + "}").as_object().size(), 50001u);
}

TEST(Json, EveryTruncationAndEveryFlippedByteIsReadOrRefused) {
  const std::string text = R"({"a": [1, -2.5e3, "x\u00e9\ud83d\ude00"], "b": {"c": null, "d": true}})";
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_NE(refusal(text.substr(0, size)), "accepted");
  int accepted = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[at] = static_cast<char>(byte);
      // What is accepted must survive being written: a parser that lets rubbish through fails here.
      if (refusal(changed) != "accepted") continue;
      ++accepted;
      EXPECT_EQ(parse(parse(changed).text()), parse(changed)) << changed;
    }
  }
  EXPECT_GT(accepted, 500);  // most changes inside the string and the numbers
}

TEST(Json, IndentedTextHasAMemberALineAndPlainListsOnOne) {
  Json json = Json::object();
  json.set("name", "G").set("widths", Json::Array{4, 2, 1}).set("levels", Json::Array{Json::object().set("size", 64)});
  json.set("none", Json::object()).set("name", "H");
  EXPECT_EQ(json.text(2), R"({
  "name": "H",
  "widths": [4, 2, 1],
  "levels": [
    {
      "size": 64
    }
  ],
  "none": {}
})");
  EXPECT_EQ(json.text(), R"({"name":"H","widths":[4,2,1],"levels":[{"size":64}],"none":{}})");
  EXPECT_EQ(parse(json.text(2)), json);
}

TEST(Json, AskingForAnotherTypeIsAMistakeOfTheCaller) {
  EXPECT_THROW((void)Json("1").as_integer(), std::logic_error);
  EXPECT_THROW((void)Json(1.5).as_integer(), std::logic_error);
  EXPECT_THROW((void)Json(1).as_bool(), std::logic_error);
  EXPECT_THROW((void)Json().as_object(), std::logic_error);
  EXPECT_THROW(Json().set("a", 1), std::logic_error);
  EXPECT_THROW(Json::object().push_back(1), std::logic_error);
  EXPECT_THROW((void)Json(~std::uint64_t{0}), std::logic_error);
}

}  // namespace
}  // namespace pbgen
