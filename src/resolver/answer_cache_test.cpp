#include "resolver/answer_cache.h"

#include <gtest/gtest.h>

namespace pawl::resolver {
namespace {

const MonoTime kStart{};

dns::Answer answer(const std::string& name, int ttl) {
  dns::Answer made;
  made.question = *dns::Name::parse(name);
  made.type = dns::Type::mx;
  made.ttl = Seconds(ttl);
  return made;
}
AnswerCache::Question question(const std::string& name) {
  return {*dns::Name::parse(name), dns::Type::mx};
}

TEST(AnswerCache, AnswersUntilTheTtlEndsAndCountsItDown) {
  AnswerCache cache(10);
  cache.store(answer("a.test", 60), kStart);
  EXPECT_EQ(cache.find(question("a.test"), kStart)->ttl, Seconds(60));
  EXPECT_EQ(cache.find(question("a.test"), kStart + Seconds(59))->ttl, Seconds(1));
  EXPECT_FALSE(cache.find(question("a.test"), kStart + Seconds(60)));
  EXPECT_FALSE(cache.find({*dns::Name::parse("a.test"), dns::Type::a}, kStart));
}

TEST(AnswerCache, ATtlOfZeroIsNotKept) {
  AnswerCache cache(10);
  cache.store(answer("a.test", 0), kStart);
  EXPECT_EQ(cache.size(), 0U);
  AnswerCache none(0);
  none.store(answer("a.test", 60), kStart);
  EXPECT_EQ(none.size(), 0U);
}

TEST(AnswerCache, IsBoundedAndKeepsWhatIsAskedFor) {
  AnswerCache cache(10);
  cache.store(answer("hot.test", 3600), kStart);
  for (int i = 0; i < 1000; ++i) {
    cache.store(answer("n" + std::to_string(i) + ".test", 3600), kStart);
    ASSERT_LE(cache.size(), 10U);
    ASSERT_TRUE(cache.find(question("hot.test"), kStart));
  }
  EXPECT_FALSE(cache.find(question("n0.test"), kStart));
  EXPECT_TRUE(cache.find(question("n999.test"), kStart));
}

TEST(AnswerCache, ANewAnswerReplacesTheOldOne) {
  AnswerCache cache(2);
  cache.store(answer("a.test", 60), kStart);
  cache.store(answer("b.test", 60), kStart);  // a.test is of the old generation now
  auto changed = answer("a.test", 30);
  changed.existence = dns::Existence::no_domain;
  cache.store(changed, kStart);
  EXPECT_EQ(cache.find(question("a.test"), kStart)->existence, dns::Existence::no_domain);
}

}  // namespace
}  // namespace pawl::resolver
