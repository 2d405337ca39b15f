"""The results table: the attributes that function, stack and readers must agree on."""

TABLE_KEY = "id"
TABLE_EXPIRY = "expires_at"  # epoch seconds, as DynamoDB's TTL requires
