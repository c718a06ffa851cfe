//! The AWS SDK configuration every client is made from: region, credentials, one HTTP client, time-outs.
