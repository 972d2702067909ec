//! A study that nobody closes ends by itself: its node answers no more for it, and erases what it held.
