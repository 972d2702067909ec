//! Of what a node did with its data, what concerns whom: for one citizen who asks (GDPR Article 15; Court of Justice,
//! C-579/21), and for the node's own staff when they must notify a breach (Article 33).
//!
//! Nothing is kept per person. It is worked out when asked, from the rules that the audit log and the kept policies
//! tell, over the newest data. What cannot be known any more counts as a use, and says so: nobody is told less than what
//! happened because something is no longer known.
//!
//! In reading order: [`uses`] what the log tells of; [`kept`] the policies that it names; [`lists`] who is left out, and
//! [`objectors`] who objects; [`among`] whether a person was among those meant; [`ground`] the node's folder, opened for all of that, and its rows;
//! [`worklist`] who stands on a list; [`words`] all of it in Danish and English.

pub(crate) mod among;
pub(crate) mod ground;
pub(crate) mod kept;
pub(crate) mod lists;
pub(crate) mod objectors;
pub(crate) mod uses;
pub(crate) mod words;
pub(crate) mod worklist;
