#include "tests/interop/other_tools.h"

#include <fmt/format.h>

#include <filesystem>
#include <regex>

#include "base/text.h"
#include "json/value.h"

namespace pawl::interop {
namespace {

using starttls::Protocol;

// The tool's name for a protocol in clear.
std::string_view plain_name(const Service& service) {
  switch (service.protocol) {
    case Protocol::smtp:
    case Protocol::submission:
      return "smtp";
    default:
      return starttls::row(service.protocol).name;
  }
}

// Standard input is empty and a tool that hangs ends all the same. The exit status is no verdict:
// openssl and testssl.sh fail for what they were asked to find, and posttls-finger never does. A
// tool that is missing or broken prints nothing that the callers look for, which fails their tests.
Result<std::string> run(const std::string& command) {
  return lab::run_program({"bash", "-c", fmt::format("({}) </dev/null 2>&1 || true", command)},
                          "/");
}

std::string found(const std::string& text, const std::string& pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : std::string();
}

std::string plain_hex(std::string_view text) {
  std::string hex;
  for (char c : text) {
    if (c != ':' && c != ' ') hex += c;
  }
  return to_lower(hex);
}

std::string member(const json::Value& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->if_string() != nullptr ? *value->if_string() : std::string();
}

std::string s_client(const Service& service) {
  auto command =
      fmt::format("timeout 15 openssl s_client -connect {} -servername {} -name client.test",
                  service.at.text(), service.host);
  if (!service.implicit_tls) command += fmt::format(" -starttls {}", plain_name(service));
  return command;
}

}  // namespace

Result<ToolFindings> ask_s_client(const Service& service, const std::string& ca_file,
                                  const std::string& name) {
  TRY(std::string text,
      run(fmt::format("{} -CAfile {} -verify_hostname {}", s_client(service), ca_file, name)));
  ToolFindings findings;
  findings.version = found(text, "New, (TLSv1\\.?[0-9]?), Cipher");
  findings.suite = found(text, "Cipher is ([A-Z0-9_-]+)");
  findings.group = to_lower(found(text, "Server Temp Key: ([A-Za-z0-9-]+)"));
  findings.verified = text.find("Verify return code: 0 (ok)") != std::string::npos;
  const auto from = text.find("-----BEGIN CERTIFICATE-----");
  const auto to = text.find("-----END CERTIFICATE-----");
  if (from == std::string::npos || to == std::string::npos)
    return fail(Code::io, "openssl s_client saw no certificate: " + text);
  const auto pem = text.substr(from, to - from) + "-----END CERTIFICATE-----";
  TRY(std::string digest,
      run(fmt::format("echo '{}' | openssl x509 -noout -fingerprint -sha256", pem)));
  findings.fingerprints.insert(plain_hex(found(digest, "=([0-9A-F:]+)")));
  findings.output = std::move(text);
  return findings;
}

Result<std::set<std::string>> ask_s_client_for_versions(const Service& service) {
  std::set<std::string> versions;
  for (auto [option, version] : {std::pair{"-tls1", "TLSv1.0"},
                                 {"-tls1_1", "TLSv1.1"},
                                 {"-tls1_2", "TLSv1.2"},
                                 {"-tls1_3", "TLSv1.3"}}) {
    TRY(std::string text,
        run(fmt::format("{} {} -cipher ALL:@SECLEVEL=0", s_client(service), option)));
    const auto cipher = found(text, "Cipher is ([A-Z0-9_-]+)");
    if (!cipher.empty() && text.find("Cipher is (NONE)") == std::string::npos)
      versions.insert(version);
  }
  return versions;
}

Result<std::set<std::uint16_t>> ask_s_client_for_suites(const Service& service) {
  TRY(std::string list,
      run("openssl ciphers -V -tls1_2 ALL:COMPLEMENTOFALL:@SECLEVEL=0 | awk '{print $1, $3}'"));
  std::set<std::uint16_t> suites;
  for (std::string_view line : split(list, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() != 2 || !words[0].starts_with("0x") || words[1].starts_with("TLS_")) continue;
    TRY(std::string text,
        run(fmt::format("{} -tls1_2 -cipher {}:@SECLEVEL=0", s_client(service), words[1])));
    if (text.find(fmt::format("TLSv1.2, Cipher is {}\n", words[1])) == std::string::npos &&
        text.find(fmt::format("TLSv1.0, Cipher is {}\n", words[1])) == std::string::npos)
      continue;
    const auto number = plain_hex(words[0]);  // "0xc0,0x2c"
    suites.insert(static_cast<std::uint16_t>(
        std::stoul(number.substr(2, 2) + number.substr(7, 2), nullptr, 16)));
  }
  return suites;
}

bool sslscan_knows(const Service& service) {
  return service.implicit_tls ||
         (service.protocol != Protocol::lmtp && service.protocol != Protocol::sieve);
}

Result<ToolFindings> ask_sslscan(const Service& service) {
  TRY(std::string text,
      run(fmt::format(
          "timeout 100 sslscan --xml=- --no-colour --show-certificates --sni-name={} {} {}",
          service.host,
          service.implicit_tls ? std::string() : fmt::format("--starttls-{}", plain_name(service)),
          service.at.text())));
  ToolFindings findings;
  const std::regex protocol("<protocol type=\"(ssl|tls)\" version=\"([0-9.]+)\" enabled=\"1\"");
  for (std::sregex_iterator each(text.begin(), text.end(), protocol), end; each != end; ++each) {
    findings.versions.insert(((*each)[1] == "ssl" ? "SSLv" : "TLSv") + (*each)[2].str());
  }
  const std::regex suite(
      "<cipher status=\"\\w+\" sslversion=\"([A-Za-z0-9.]+)\"[^>]* id=\"0x([0-9A-F]{4})\"");
  for (std::sregex_iterator each(text.begin(), text.end(), suite), end; each != end; ++each) {
    findings.suites[(*each)[1].str()].insert(
        static_cast<std::uint16_t>(std::stoul((*each)[2].str(), nullptr, 16)));
  }
  if (findings.versions.empty()) return fail(Code::io, "sslscan found nothing: " + text);
  findings.output = std::move(text);
  return findings;
}

Result<ToolFindings> ask_testssl(const Service& service, const lab::Scratch& scratch) {
  const auto file = scratch.file(fmt::format("testssl-{}-{}.json", service.peer, service.at.port));
  std::filesystem::remove(file);
  TRY(std::string text,
      run(fmt::format(
          "timeout 900 testssl --quiet --color 0 --warnings off --jsonfile {} {} -p -e -f -S "
          "--ip {} {}:{}",
          file, service.implicit_tls ? std::string() : fmt::format("-t {}", plain_name(service)),
          service.at.address.text(), service.host, service.at.port)));
  TRY(json::Value report, json::parse(read_all(file)));
  const json::Array* entries = report.if_array();
  if (entries == nullptr) return fail(Code::io, "testssl wrote no list: " + text);
  ToolFindings findings;
  const std::map<std::string_view, std::string> versions = {
      {"SSLv2", "SSLv2"},    {"SSLv3", "SSLv3"},    {"TLS1", "TLSv1.0"},
      {"TLS1_1", "TLSv1.1"}, {"TLS1_2", "TLSv1.2"}, {"TLS1_3", "TLSv1.3"}};
  const std::map<std::string_view, std::string> groups = {{"prime256v1", "secp256r1"}};
  for (const json::Value& each : *entries) {
    const std::string id = member(each, "id");
    const std::string finding = member(each, "finding");
    if (auto version = versions.find(id); version != versions.end()) {
      if (finding.starts_with("offered")) findings.versions.insert(version->second);
    } else if (id.starts_with("cipher_x")) {
      findings.suites[""].insert(static_cast<std::uint16_t>(std::stoul(id.substr(8), nullptr, 16)));
    } else if (id.ends_with("PFS_ECDHE_curves") || id.ends_with("FS_ECDHE_curves")) {
      for (std::string_view word : split(finding, ' ')) {
        auto known = groups.find(word);
        if (!word.empty())
          findings.groups.insert(known != groups.end() ? known->second : to_lower(word));
      }
    } else if (id.starts_with("cert_fingerprintSHA256")) {
      findings.fingerprints.insert(plain_hex(finding));
    }
  }
  findings.output = std::move(text);
  return findings;
}

Result<ToolFindings> ask_posttls_finger(const Service& service, const std::string& ca_file,
                                        const std::string& name, const lab::Scratch& scratch) {
  std::filesystem::create_directories(scratch.path() / "finger");
  TRY_VOID(write_file(scratch.path() / "finger/main.cf", "compatibility_level = 3.7\n"));
  TRY(std::string text,
      run(fmt::format(
          "MAIL_CONFIG={} timeout 20 /usr/sbin/posttls-finger -h native -c -o inet_protocols=ipv4 "
          "{} -l verify -F {} [{}]:{} {}",
          scratch.file("finger"), service.protocol == Protocol::lmtp ? "-S" : "", ca_file,
          service.at.address.text(), service.at.port, name)));
  ToolFindings findings;
  findings.version = found(text, "(TLSv1\\.?[0-9]?) with cipher");
  findings.suite = found(text, "with cipher ([A-Z0-9_-]+)");
  findings.group = to_lower(found(text, "key-exchange ([A-Za-z0-9-]+)"));
  findings.verified = text.find("Verified TLS connection") != std::string::npos;
  findings.fingerprints.insert(plain_hex(found(text, "fingerprint=([0-9A-F:]+)")));
  if (findings.version.empty()) return fail(Code::io, "posttls-finger saw no TLS: " + text);
  findings.output = std::move(text);
  return findings;
}

}  // namespace pawl::interop
