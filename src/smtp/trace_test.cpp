#include "smtp/trace.h"

#include <gtest/gtest.h>

namespace pawl::smtp {
namespace {

TEST(Trace, TheReceivedFieldSaysWhoFromWhereAndHowSealed) {
  Received received{.hello = "client.example",
                    .client = IpAddress::v4(192, 0, 2, 7),
                    .by = "mx.example.org",
                    .protocol = transmission_type(true, true, true, false),
                    .tls = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384",
                    .id = "3F7K2Q9ZB1",
                    .recipient = "joe@example.net",
                    .at = WallTime{}};
  EXPECT_EQ(received_field(received),
            "Received: from client.example ([192.0.2.7])\r\n"
            "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)\r\n"
            "\tby mx.example.org with ESMTPSA id 3F7K2Q9ZB1\r\n"
            "\tfor <joe@example.net>;\r\n"
            "\tThu, 1 Jan 1970 00:00:00 +0000\r\n");
  received.tls = received.id = received.recipient = "";
  received.client = IpAddress::parse("2001:db8::1").value();
  received.protocol = transmission_type(false, false, false, false);
  EXPECT_EQ(received_field(received),
            "Received: from client.example ([IPv6:2001:db8::1])\r\n"
            "\tby mx.example.org with SMTP;\r\n"
            "\tThu, 1 Jan 1970 00:00:00 +0000\r\n");
}

TEST(Trace, TransmissionTypesAreThoseOfTheRegistry) {
  EXPECT_EQ(transmission_type(true, false, false, false), "ESMTP");
  EXPECT_EQ(transmission_type(true, true, false, false), "ESMTPS");
  EXPECT_EQ(transmission_type(true, false, true, false), "ESMTPA");
  EXPECT_EQ(transmission_type(true, true, false, true), "UTF8SMTPS");
  EXPECT_EQ(transmission_type(true, true, true, true), "UTF8SMTPSA");
}

}  // namespace
}  // namespace pawl::smtp
