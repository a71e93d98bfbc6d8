//! What a function streams about a still, in two pieces: the same messages wherever it is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::remotion::stream::Frames;

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, stream)) = bytes.split_first() else { return };
    let at = usize::from(*cut) * stream.len() / 255;
    let whole = Frames::default().push(stream);
    let mut frames = Frames::default();
    let halves = frames.push(&stream[..at]).and_then(|mut first| {
        first.extend(frames.push(&stream[at..])?);
        Ok(first)
    });
    assert_eq!(whole, halves);
});
