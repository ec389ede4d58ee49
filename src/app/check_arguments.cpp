#include "app/check_arguments.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/text.h"

namespace pawl::app {

namespace {

constexpr std::uint16_t kDnsPort = 53;

// "imapz://mail.example.org" -> "imaps"; empty: the scheme is right, or like no other.
std::string meant_scheme(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return {};
  const std::string scheme = to_lower(text.substr(0, colon));
  if (starttls::find_protocol(scheme) != nullptr) return {};
  std::vector<std::string_view> names;
  for (const auto& row : starttls::protocols()) {
    names.push_back(row.name);
    if (!row.implicit_name.empty()) names.push_back(row.implicit_name);
  }
  return nearest(scheme, names);
}

// A web address, or what stands behind a host in one: "https://example.org/".
std::optional<std::string_view> host_of_web_address(std::string_view text) {
  for (std::string_view scheme : {"https://", "http://"}) {
    if (!starts_with_ignoring_case(text, scheme)) continue;
    text.remove_prefix(scheme.size());
    return text.substr(0, text.find_first_of("/:?#"));
  }
  return {};
}

Result<std::vector<check::Target>> targets_of_file(const std::string& file) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream stream(file, std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(stream), {});
    if (!stream) {
      return fail(Code::io, fmt::format("{} cannot be read; --from-file takes a file with one "
                                        "target a line, or - for standard input",
                                        printable(file)));
    }
  }
  const std::string name = file == "-" ? "standard input" : file;
  TRY(auto targets, check::parse_target_list(text, name));
  if (targets.empty()) {
    return fail(Code::invalid_argument,
                printable(name) + " names no target; write one a line, as example.org");
  }
  return targets;
}

std::unexpected<Error> wrong_via(const std::string& text, const std::string& why) {
  return fail(Code::invalid_argument,
              fmt::format("--via {}: {}; write source=192.0.2.7, resolver=9.9.9.9 or "
                          "resolver=127.0.0.1:5300, or two of them with a comma between",
                          printable(text), why));
}

}  // namespace

Result<CheckTarget> check_target(std::string_view text) {
  text = trim(text);
  if (auto host = host_of_web_address(text)) {
    TRY(auto target, check::parse_target(*host));
    return CheckTarget{std::move(target), fmt::format("{} is a web address: checking mail to {}",
                                                      printable(text, 80), printable(*host, 80))};
  }
  const std::size_t at = text.rfind('@');
  if (at != std::string_view::npos && text.find("://") == std::string_view::npos) {
    const std::string_view domain = text.substr(at + 1);
    if (domain.empty()) {
      return fail(
          Code::invalid_argument,
          fmt::format("{}: nothing stands behind the @; write example.org", printable(text, 80)));
    }
    TRY(auto target, check::parse_target(domain));
    return CheckTarget{std::move(target),
                       fmt::format("{} is a mail address: checking its domain, {}",
                                   printable(text, 80), printable(domain, 80))};
  }
  auto target = check::parse_target(text);
  if (target) return CheckTarget{*std::move(target), {}};
  if (const std::string meant = meant_scheme(text); !meant.empty()) {
    return fail(Code::invalid_argument,
                fmt::format("{} (did you mean {}://?)", target.error().detail, meant));
  }
  return fail(target.error());
}

Result<ViaPath> parse_via(const std::string& text) {
  ViaPath path;
  path.name = text;
  for (std::string_view part : split(text, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return wrong_via(text, "the = is missing");
    const std::string_view key = trim(part.substr(0, equals));
    const std::string value(trim(part.substr(equals + 1)));
    if (key == "source") {
      auto address = IpAddress::parse(value);
      if (!address) return wrong_via(text, address.error().detail);
      path.source = *address;
    } else if (key == "resolver") {
      TRY(path.resolver, resolver_address("--via " + text, value));
    } else {
      return wrong_via(text, fmt::format("\"{}\" is no kind of path", printable(key, 40)));
    }
  }
  return path;
}

Result<Endpoint> resolver_address(std::string_view option, const std::string& text) {
  if (auto address = IpAddress::parse(text)) return Endpoint{*address, kDnsPort};
  if (auto endpoint = Endpoint::parse(text)) return *endpoint;
  return fail(Code::invalid_argument,
              fmt::format("{}: {} is no address; write 9.9.9.9, or 127.0.0.1:5300 with a port",
                          printable(option), printable(text, 80)));
}

Result<std::optional<int>> number_option(const Arguments& arguments, std::string_view option,
                                         int least, int most) {
  const auto value = arguments.value(option);
  if (!value) return std::nullopt;
  const auto number = parse_decimal(*value, static_cast<std::uint64_t>(most));
  if (!number || *number < static_cast<std::uint64_t>(least)) {
    return fail(Code::invalid_argument, fmt::format("--{} {}: write a number from {} to {}", option,
                                                    printable(*value, 40), least, most));
  }
  return static_cast<int>(*number);
}

Result<std::vector<check::Target>> check_targets(const Arguments& arguments) {
  std::vector<check::Target> targets;
  for (const std::string& operand : arguments.operands()) {
    TRY(auto understood, check_target(operand));
    if (!understood.remark.empty()) fmt::print(stderr, "pawl check: {}\n", understood.remark);
    targets.push_back(std::move(understood.target));
  }
  for (const std::string& file : arguments.values("from-file")) {
    TRY(auto more, targets_of_file(file));
    targets.insert(targets.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
  }
  if (targets.empty()) {
    return fail(Code::invalid_argument,
                "no target is named; write a mail domain (example.org), a host with its protocol "
                "(imaps://mail.example.org), or --from-file FILE");
  }
  return targets;
}

}  // namespace pawl::app
