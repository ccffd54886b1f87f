// Quantities for people.
#pragma once

#include <cstdint>
#include <string>

namespace pbgen {

// value with so many decimals, the same in every locale; "-0" becomes "0".  decimals in [0, 17].
std::string fixed_text(double value, int decimals);

// Whole numbers in groups of three digits: "52,428,800".
std::string grouped_text(std::int64_t value);

// "0:07", "1:05", "2 h 03 min", "3 d 04 h", rounded down; "?" for what is negative or not finite.
std::string format_duration(double seconds);

// Decimal units: "512 B", "1.5 kB", "37 MB", "2.5 GB".
std::string format_bytes(std::int64_t bytes);

// Two digits or all before the point: "0.052", "5.2", "52", "1234"; "?" for what is negative or not finite.
std::string format_rate(double per_second);

}  // namespace pbgen
