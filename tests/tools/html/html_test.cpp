// Parts of pages: everything that is text is escaped, everything that is markup is whole.
#include "tools/lib/html/html.h"

#include <gtest/gtest.h>

#include <string>

namespace pbgen {
namespace {

TEST(Html, EscapesEveryText) {
  Html page;
  page.heading("<b>1");
  page.paragraph("<b>2", "note");
  page.table({{"<b>3"}, {{"<b>4"}}});
  page.facts({{"<b>5", "<b>6"}});
  page.code("<b>7");
  page.chart("<svg></svg>", "<b>8");
  page.picture({1, 2}, "\"<b>9");
  page.begin_section("<b>");
  page.contents({{"<b>", "<b>"}});
  EXPECT_EQ(page.markup().find("<b>"), std::string::npos) << page.markup();
  for (const char digit : {'1', '2', '3', '4', '5', '6', '7', '8', '9'})
    EXPECT_NE(page.markup().find(std::string("&lt;b&gt;") + digit), std::string::npos) << digit;
  EXPECT_NE(page.markup().find("<svg></svg>"), std::string::npos);
}

TEST(Html, LeavesOutWhatIsEmpty) {
  Html page;
  page.paragraph("");
  page.table({});
  page.facts({});
  page.contents({});
  EXPECT_EQ(page.markup(), "");
}

TEST(Html, NumbersStandToTheRight) {
  Html page;
  page.table({{"name", "value"}, {{"a", "-3"}, {"b", "4"}}});
  EXPECT_NE(page.markup().find("<td class=\"number negative\">-3</td>"), std::string::npos) << page.markup();
  EXPECT_NE(page.markup().find("<td class=\"number\">4</td>"), std::string::npos);
  EXPECT_NE(page.markup().find("<td>a</td>"), std::string::npos);
}

TEST(Html, ContentsLeadToSections) {
  Html page;
  page.contents({{"settings", "Settings A to H"}});
  page.begin_section("settings");
  page.paragraph("x");
  page.end_section();
  EXPECT_NE(page.markup().find("<a href=\"#settings\">Settings A to H</a>"), std::string::npos);
  EXPECT_NE(page.markup().find("<section id=\"settings\">\n<p>x</p>\n</section>"), std::string::npos);
}

TEST(Html, PagesNeedNothingElse) {
  const std::string page = html_page("a<b", "<p>x</p>\n");
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_NE(page.find("<title>a&lt;b</title>"), std::string::npos);
  EXPECT_NE(page.find("<p>x</p>\n</body>"), std::string::npos);
  for (const char* const outside : {"<script", "<link", "src=\"http", "href="}) EXPECT_EQ(page.find(outside), std::string::npos) << outside;
}

}  // namespace
}  // namespace pbgen
