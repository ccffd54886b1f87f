// Pages that need nothing else: one HTML file, styles and pictures inside, no network, no script, for light and dark.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/lib/cli/text_table.h"

namespace pbgen {

// Part of a page, written from top to bottom.  All text is plain and is escaped here.
class Html {
 public:
  // Smaller headings name parts of what an h2 is over.
  void heading(std::string_view text, int level = 2);
  // class_name: "", "verdict", "note" or "warning".  Empty text adds nothing.
  void paragraph(std::string_view text, std::string_view class_name = "");
  // Columns of numbers to the right, negative numbers in a colour of their own.  Adds nothing where there is no header.
  void table(const Table& table);
  void facts(const std::vector<std::pair<std::string, std::string>>& facts);
  void code(std::string_view text);
  // A chart: markup of svg.h, taken as it is.
  void chart(std::string_view svg, std::string_view caption);
  // The same chart twice: the second is shown where the page is as narrow as a phone.
  void chart(std::string_view svg, std::string_view narrow_svg, std::string_view caption);
  // A whole PNG file.
  void picture(const std::vector<std::uint8_t>& png, std::string_view caption, std::string_view class_name = "");
  // An element around what follows up to end_group(): "charts", "grids" (wide) and "strip" (narrow) stand in columns.
  void begin_group(std::string_view class_name);
  void end_group();
  // What contents() links to, up to end_section().
  void begin_section(std::string_view id);
  void end_section();
  // A list of links to sections: id and text.
  void contents(const std::vector<std::pair<std::string, std::string>>& sections);
  // A part made elsewhere, taken as it is.
  void append(std::string_view markup) { markup_ += markup; }

  const std::string& markup() const { return markup_; }

 private:
  std::string markup_;
};

// The whole file around the body's markup.
std::string html_page(std::string_view title, std::string_view body);

}  // namespace pbgen
