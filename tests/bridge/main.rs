//! The bridge through its front door: a signed request in, what people see out.

mod world;

mod answers;
