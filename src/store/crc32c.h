// CRC-32C (Castagnoli), the checksum of a queue record: finds a torn or rotten record before its
// fields are believed. Not a defence against someone who can write the file.
#pragma once

#include <cstdint>
#include <string_view>

namespace pawl::store {

std::uint32_t crc32c(std::string_view bytes);

}  // namespace pawl::store
