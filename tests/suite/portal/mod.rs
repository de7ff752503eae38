//! What the portal promises to the people who use it: one file per promise.
