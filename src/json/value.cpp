#include "json/value.h"

#include <cstdio>

#include "json/utf8.h"

namespace pawl::json {

bool Value::operator==(const Value& other) const = default;

Value Value::array(const std::vector<std::string>& texts) {
  Array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

const Value* Value::find(std::string_view name) const {
  const Object* object = if_object();
  if (!object) return nullptr;
  for (const Member& member : *object) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

namespace {

void write_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t length = utf8_length(text);
    if (length == 0) {  // not UTF-8: U+FFFD stands for the byte
      out += "\xEF\xBF\xBD";
      length = 1;
    } else if (length > 1) {
      out += text.substr(0, length);
    } else if (text[0] == '"' || text[0] == '\\') {
      out += '\\';
      out += text[0];
    } else if (text[0] == '\n') {
      out += "\\n";
    } else if (text[0] < ' ' || text[0] == '\x7f') {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(text[0]));
      out += escaped;
    } else {
      out += text[0];
    }
    text.remove_prefix(length);
  }
  out += '"';
}

class Writer {
 public:
  explicit Writer(bool indented) : indented_(indented) {}

  void value(const Value& value, int depth) {
    if (auto* text = value.if_string()) {
      write_string(out, *text);
    } else if (auto* number = value.if_integer()) {
      out += std::to_string(*number);
    } else if (auto* truth = value.if_bool()) {
      out += *truth ? "true" : "false";
    } else if (auto* array = value.if_array()) {
      list('[', ']', *array, depth, [&](const Value& one) { this->value(one, depth + 1); });
    } else if (auto* object = value.if_object()) {
      list('{', '}', *object, depth, [&](const Member& member) {
        write_string(out, member.name);
        out += indented_ ? ": " : ":";
        this->value(member.value, depth + 1);
      });
    } else {
      out += "null";
    }
  }

  std::string out;

 private:
  template <class List, class Each>
  void list(char open, char close, const List& items, int depth, Each each) {
    out += open;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out += ',';
      first = false;
      line(depth + 1);
      each(item);
    }
    if (!first) line(depth);
    out += close;
  }
  void line(int depth) {
    if (indented_) out += "\n" + std::string(static_cast<std::size_t>(depth) * 2, ' ');
  }

  bool indented_;
};

}  // namespace

std::string write(const Value& value) {
  Writer writer(true);
  writer.value(value, 0);
  return writer.out + "\n";
}

std::string write_line(const Value& value) {
  Writer writer(false);
  writer.value(value, 0);
  return writer.out;
}

}  // namespace pawl::json
