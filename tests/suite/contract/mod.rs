//! What must stay true of the whole, whatever changes inside.
