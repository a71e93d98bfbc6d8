use serde_json::Value;

use super::*;

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn locations_as_the_official_client_expects_them() {
    let cases = cases(include_str!("../../../tests/fixtures/remotion/4.0.527/vectors/expectedOutput.json"));
    for case in &cases {
        let (name, input, result) = (&case["name"], &case["input"], &case["result"]);
        let metadata: RenderMetadata = serde_json::from_value(input["renderMetadata"].clone()).unwrap();
        let ours = expected(&metadata, input["bucketName"].as_str().unwrap(), input["currentRegion"].as_str().unwrap());
        let Ok(ours) = ours else {
            assert!(case.get("error").is_some(), "{name}: {ours:?}");
            continue;
        };
        assert_eq!(result["renderBucketName"], ours.bucket, "{name}");
        assert_eq!(result["key"], ours.key, "{name}");
        assert_eq!(result["url"], ours.url, "{name}");
        assert_eq!(result["customCredentials"]["endpoint"].as_str(), ours.endpoint.as_deref(), "{name}");
    }
    assert_eq!(cases.len(), 40);
}

#[test]
fn file_names_as_the_official_client_judges_them() {
    let cases = cases(include_str!("../../../tests/fixtures/remotion/4.0.527/vectors/validateOutname.json"));
    let mut ran = 0;
    for case in &cases {
        let input = &case["input"];
        // No name, or no codec (a still): nothing to check.
        let (Some(name), Some(codec)) = (input["outName"].as_str(), input["codec"].as_str()) else {
            assert_eq!(case["result"], "ok");
            continue;
        };
        let ours = check_file_name(name, codec, input["audioCodecSetting"].as_str());
        assert_eq!(ours.is_err(), case.get("error").is_some(), "{}: {ours:?}", case["name"]);
        ran += 1;
    }
    assert_eq!((cases.len(), ran), (9, 7));
}

#[test]
fn in_china_the_address_has_the_chinese_domain() {
    let metadata = RenderMetadata { codec: Some("wav".into()), render_id: "m1yq8x2c0v".into(), ..Default::default() };
    let location = expected(&metadata, "b-1", "cn-north-1").unwrap();
    assert_eq!(location.url, "https://s3.cn-north-1.amazonaws.com.cn/b-1/renders/m1yq8x2c0v/out.wav");
}

#[test]
fn a_default_name_passes_the_check_of_names() {
    for codec in ["h264", "h265", "vp8", "vp9", "prores", "gif", "mp3", "aac", "wav"] {
        for audio in [None, Some("aac"), Some("mp3"), Some("opus"), Some("pcm-16")] {
            let Ok(fitting) = extensions(codec, audio) else { continue };
            for extension in fitting {
                assert_eq!(check_file_name(&format!("a.b.{extension}"), codec, audio), Ok(()));
            }
        }
    }
}

#[test]
fn errors_say_what_to_do() {
    let error = check_file_name("a.webm", "h264", None).unwrap_err();
    assert_eq!(error.to_string(), "the extension of \"a.webm\" does not fit the codecs; use mp4, mkv, mov");
    for name in ["", "mp4", "a.mp4/b", "a.mp4?", "a%2emp5", "a%.mp5"] {
        assert!(check_file_name(name, "h264", None).is_err(), "{name}");
    }
    for name in [".mp4", "a%2Emp4", "a.m%704", "100%.mp4", "a.webm.mp4"] {
        assert_eq!(check_file_name(name, "h264", None), Ok(()), "{name}");
    }
}
