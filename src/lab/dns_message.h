// As much of a DNS message as the lab's attacker needs: the question of a query, and an answer made
// to it (RFC 1035 section 4). Not the codec of dns/, which is under test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::lab {

struct DnsQuestion {
  std::string name;  // lower case, without the final dot
  std::uint16_t type = 0;
  std::string wire;  // QNAME, QTYPE, QCLASS
};

std::optional<DnsQuestion> read_question(std::string_view query);
std::string make_query(std::string_view name, std::uint16_t type, std::uint16_t id);

enum class DnsResponse : std::uint8_t { no_error = 0, server_failure = 2, no_domain = 3 };

// An unsigned answer from "the authority": what a forger without keys can make.
std::string make_answer(std::string_view query, const DnsQuestion& question, DnsResponse response,
                        const std::vector<std::string>& rdata);

std::string name_to_wire(std::string_view name);
std::string mx_rdata(std::uint16_t preference, std::string_view host);
std::string txt_rdata(std::string_view text);  // up to 255 bytes

}  // namespace pawl::lab
