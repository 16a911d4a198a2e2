//! Git objects, packs and smart-HTTP messages: bytes in, bytes out. No I/O.
