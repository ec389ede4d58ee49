// Does a certificate's DNS-ID stand for the name we asked for? (RFC 9525, RFC 6125)
// Stricter than the libraries: one rule for wildcards, no CN, no address, no partial label.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pawl::tls {

// `presented` is a dNSName as the certificate has it: a name, or '*' as the whole of the leftmost
// label before at least two others. `reference` is an A-label name; with a leading '.' it stands
// for any name that has exactly one label before it. Both are compared without regard to case.
bool matches_reference(std::string_view presented, std::string_view reference);

// The first presented name that matches one of the references; empty if none does.
std::string_view find_match(const std::vector<std::string>& presented,
                            const std::vector<std::string>& references);

}  // namespace pawl::tls
