//! All works, slowly.

super::list![];
