//! Who takes part: the entries that members and people have sent, and the roster drafted from them.
//!
//! Nothing here gives anyone a right. A draft is a text until its members have signed it, each at home.

pub mod draft;
pub mod entry;
