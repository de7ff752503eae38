//! The place of approvers: what waits, what is judged, and what changed at live services.

pub mod changes;
pub mod queue;
pub mod review;
pub mod shown;
pub mod taking_back;
