use super::*;

/// As a function of 4.0.527 leaves it, whether the image was written or not.
fn still(out_name: &Value) -> ProgressFile {
    file(json!({
        "cancellationEnabled": false, "chunks": [], "lambdasInvoked": 0, "postRenderData": null, "errors": [],
        "timeoutTimestamp": 119_997, "functionLaunched": STARTED - 40, "receivedArtifact": [],
        "renderMetadata": {
            "startedDate": STARTED, "codec": null, "compositionId": "Demo", "estimatedTotalLambdaInvokations": 1,
            "estimatedRenderLambdaInvokations": 1, "totalChunks": 1, "type": "still", "imageFormat": "png",
            "renderId": "m1yq8x2c0v", "outName": out_name,
        },
    }))
}

fn head(modified_ms: i64) -> Option<OutputHead> {
    Some(OutputHead { size: 7, modified_ms })
}

#[test]
fn a_still_is_done_when_its_image_is_there() {
    let still = still(&Value::Null);
    let now = moment(STARTED + 5_000);
    let place = still.output_to_check(&now).unwrap().unwrap();
    assert_eq!((&*place.bucket, &*place.key), (now.bucket, "renders/m1yq8x2c0v/out.png"));

    let running = still.progress(&now, None).unwrap();
    assert_eq!((running.status(), running.overall_progress, running.out_key), (Status::Rendering, 0.0, None));
    assert_eq!(running.timeout_timestamp, Some(STARTED - 40 + 119_997));

    let done = still.progress(&now, head(STARTED + 1_000)).unwrap();
    assert_eq!((done.status(), done.overall_progress, done.frames_rendered), (Status::Done, 1.0, 1.0));
    assert_eq!((done.out_bucket.as_deref(), done.out_key.as_deref()), (Some(now.bucket), Some(&*place.key)));
    assert_eq!((done.output_size_in_bytes, done.time_to_finish), (Some(7), Some(1_000)));
    assert!(done.costs.unwrap().accrued_so_far > 0.0);
    // However long ago that was.
    let later = moment(STARTED + 100 * TIMEOUT);
    assert_eq!(still.progress(&later, head(STARTED + 1_000)).unwrap().time_to_finish, Some(1_000));
}

#[test]
fn an_image_from_before_is_not_this_still_s() {
    let still = still(&json!({"bucketName": "videos", "key": "poster.png"}));
    let now = moment(STARTED + 5_000);
    assert_eq!(still.output_to_check(&now).unwrap().unwrap().key, "poster.png");
    // Last-Modified has whole seconds: the second in which the render began may be its own.
    for (modified, status) in
        [(STARTED - 60_000, Status::Rendering), (STARTED - 1_000, Status::Rendering), (STARTED - 999, Status::Done)]
    {
        assert_eq!(still.progress(&now, head(modified)).unwrap().status(), status, "{modified}");
    }
}

#[test]
fn a_still_without_image_is_failed_when_its_function_s_time_is_up() {
    let (end, old) = (STARTED + TIMEOUT + 20_000, head(STARTED - 60_000));
    for (out_name, word) in [
        (Value::Null, "no image"),
        (json!({"bucketName": "b-1", "key": "k"}), "s3:GetObject"),
        (
            json!({"bucketName": "b-1", "key": "k", "s3OutputProvider": {"endpoint": "https://s3.example.com"}}),
            "other cloud",
        ),
    ] {
        let still = still(&out_name);
        assert_eq!(still.progress(&moment(end), old).unwrap().status(), Status::Rendering);
        let failed = still.progress(&moment(end + 1), old).unwrap();
        assert_eq!(failed.status(), Status::Failed);
        let [error] = &failed.errors[..] else { panic!("{:?}", failed.errors) };
        assert!(error.is_timeout() && error.message.contains(word), "{error:?}");
    }
}
