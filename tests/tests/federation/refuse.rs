//! What a node refuses before it signs anything: data that may be real.
