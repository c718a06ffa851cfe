//! See `intake::strangers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for (name, target) in intake::strangers::TARGETS {
        if *name == "signature" {
            target(bytes);
        }
    }
});
