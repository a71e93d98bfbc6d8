//! `progress.json`, as anybody who may write to the bucket may write it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::remotion::progress::{Moment, OutputHead, ProgressFile};

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = ProgressFile::read(bytes) else { return };
    for (now_ms, timeout_ms) in [(1_760_000_000_000, 120_000), (i64::MAX, 900_000), (0, 0), (i64::MIN, i64::MAX)] {
        let moment = Moment {
            now_ms,
            memory_mb: 2048,
            disk_mb: 2048,
            timeout_ms,
            region: "us-east-1",
            bucket: "remotionlambda-useast1-abcdefghij",
            render_id: "m1yq8x2c0v",
        };
        let _ = file.output_to_check(&moment);
        for head in [None, Some(OutputHead { size: u64::MAX, modified_ms: now_ms })] {
            if let Ok(progress) = file.progress(&moment, head) {
                let _ = progress.status();
                serde_json::to_string(&progress).expect("an answer can be written");
            }
        }
    }
});
